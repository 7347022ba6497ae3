import Files

/// Yes/no answers against yes/no labels: POPE's counts and rates.
package struct YesNoCounts {
    var truePositive = 0, falsePositive = 0, trueNegative = 0, falseNegative = 0

    mutating func add(saysYes: Bool, isYes: Bool) {
        switch (saysYes, isYes) {
        case (true, true): truePositive += 1
        case (true, false): falsePositive += 1
        case (false, false): trueNegative += 1
        case (false, true): falseNegative += 1
        }
    }

    var samples: Int { truePositive + falsePositive + trueNegative + falseNegative }

    /// nil where nothing was called yes, as the reference stops there.
    var precision: Double? { ratio(truePositive, truePositive + falsePositive) }
    var recall: Double? { ratio(truePositive, truePositive + falseNegative) }
    var f1: Double? {
        guard let precision, let recall, precision + recall > 0 else { return nil }
        return 2 * precision * recall / (precision + recall)
    }
    var accuracy: Double? { ratio(truePositive + trueNegative, samples) }
    var yesRatio: Double? { ratio(truePositive + falsePositive, samples) }

    private func ratio(_ part: Int, _ whole: Int) -> Double? {
        whole == 0 ? nil : Double(part) / Double(whole)
    }

    /// Rates from 0 to 1.
    var json: JSONValue {
        .of(
            ("samples", .int(samples)), ("TP", .int(truePositive)), ("FP", .int(falsePositive)),
            ("TN", .int(trueNegative)), ("FN", .int(falseNegative)),
            ("accuracy", JSONValue(accuracy)),
            ("precision", JSONValue(precision)), ("recall", JSONValue(recall)), ("f1", JSONValue(f1)),
            ("yes_ratio", JSONValue(yesRatio)))
    }

    /// The first of the words yes, no and not in an answer, in any case; nil where there is none.
    package static func reads(_ answer: String) -> Bool? {
        for word in VQANormalizer.normalize(answer).scalars.words.map({ String($0) }) {
            if word.isExactly("yes") { return true }
            if word.isExactly("no") || word.isExactly("not") { return false }
        }
        return nil
    }

    /// POPE's reading of an answer: the words before the first full stop, commas deleted, split at single
    /// spaces; yes unless one of them is exactly `No`, `no` or `not`. Everything else is yes, silence and
    /// `NO` too.
    package static func saysYes(_ answer: String) -> Bool {
        let sentence = answer.utf8.prefix { $0 != UInt8(ascii: ".") }.filter { $0 != UInt8(ascii: ",") }
        return !sentence.split(separator: UInt8(ascii: " ")).contains { word in
            ["No", "no", "not"].contains { word.elementsEqual($0.utf8) }
        }
    }
}
