import Distillation
import Models
import Shards

/// A sample of a data set cut into a prompt and one response: its longest answer, the first of equals.
/// Earlier turns are part of the prompt, later ones are left out.
struct ResponsePrompt {
    /// Number of the sample in its data set.
    let number: Int
    let promptLength: Int
    /// The answer's ids, the end id included unless the sample was cut by the length limit.
    let response: [Int32]

    /// - Returns: nil for a sample without a response token
    init?(_ sample: Sample, number: Int) {
        var longest = 0..<0
        var start = 0
        while let first = sample.labels[start...].firstIndex(where: { $0 >= 0 }) {
            let end = sample.labels[first...].firstIndex { $0 < 0 } ?? sample.labels.count
            if end - first > longest.count { longest = first..<end }
            start = end
        }
        // Nothing predicts the token at position 0.
        guard !longest.isEmpty, longest.lowerBound > 0 else { return nil }
        (self.number, promptLength) = (number, longest.lowerBound)
        response = Array(sample.inputIDs[longest])
    }
}

extension AlignmentSample {
    /// The first `promptLength` tokens, followed by a response of which every token is looked at.
    func answering(with response: [Int32], promptLength: Int) -> AlignmentSample {
        // A picture that only a later turn shows is not seen yet.
        let isSeen = visual.map { $0.upperBound <= promptLength } ?? false
        return AlignmentSample(
            id: id, inputIDs: inputIDs[..<promptLength] + response,
            labels: Array(repeating: ShardFormat.ignoreIndex, count: promptLength) + response,
            instruction: [], visual: isSeen ? visual : nil, image: isSeen ? image : nil, key: key)
    }
}
