import Text

/// Scores of tokens that make llama.cpp's SentencePiece merge as a list of merges says.
///
/// llama.cpp joins two neighbours wherever their text is a token, the highest score first, of equal ones the
/// leftmost. A list of merges does the same if it holds every pair whose text is a token, and all pairs of
/// one token in a row: then the place of the token's pairs is its score. Lists that were made of a
/// SentencePiece model are such, but for runs of spaces, whose scores are equal and whose pairs are mixed.
struct MergeScores {
    private(set) var scores: [Float]  // [rows]; 0 for tokens that come of no merge
    private let tokenizer: Tokenizer
    private let file: String

    /// - Parameters:
    ///   - normal: which ids are neither bytes nor special nor added, `[rows]`
    ///   - addsSpace: whether the tokenizer puts a space before a text
    /// - Throws: `GGUFError.notInLlamaCpp`, with a token that would be merged at another time
    init(_ tokenizer: Tokenizer, normal: [Bool], addsSpace: Bool, file: String) throws {
        (self.tokenizer, self.file) = (tokenizer, file)
        scores = [Float](repeating: 0, count: normal.count)
        let wholes = tokenizer.model.mergePairs.map { Int(tokenizer.model.merged($0)) }
        var pairs = [Int](repeating: 0, count: normal.count)
        var last = pairs  // rank of a token's last pair
        for (rank, whole) in wholes.enumerated() { (pairs[whole], last[whole]) = (pairs[whole] + 1, rank) }
        for id in normal.indices where normal[id] && cuts(of: id, among: normal) != pairs[id] {
            throw refusal(id, "not every pair is that makes")
        }
        var (place, end) = (Float(0), -1)
        var group: [Int] = []  // tokens whose pairs are mixed with each other's
        for (rank, whole) in wholes.enumerated() where scores[whole] == 0 {
            if rank > end {
                try check(group, addsSpace)
                (place, group) = (place - 1, [])
            }
            (scores[whole], end) = (place, max(end, last[whole]))
            group.append(whole)
        }
        try check(group, addsSpace)
    }

    private func text(_ id: Int) -> String { tokenizer.token(of: Int32(id)) ?? "" }

    private func refusal(_ id: Int, _ why: String) -> GGUFError {
        .notInLlamaCpp(
            file: file, field: "model.merges", found: "a list in which \(why) \"\(text(id))\"",
            known: "scores of tokens for a vocabulary of this form, as lists made of SentencePiece models "
                + "allow them")
    }

    /// In how many ways the text of a token is the text of two.
    private func cuts(of id: Int, among normal: [Bool]) -> Int {
        let scalars = text(id).unicodeScalars
        return scalars.indices.dropFirst().count { place in
            [scalars[..<place], scalars[place...]].allSatisfy { part in
                tokenizer.id(of: String(part)).map { normal[Int($0)] } ?? false
            }
        }
    }

    /// Refuses tokens of equal score but for runs of spaces of every length up to the longest, which must
    /// come out as they do from the left: as many of the longest as there is room for, and the rest.
    private func check(_ group: [Int], _ addsSpace: Bool) throws {
        guard group.count > 1 else { return }
        let mixed = refusal(group[0], "others come between the pairs of")
        func run(_ length: Int) -> String { String(repeating: "▁", count: length) }
        let longest = group.map { text($0).unicodeScalars.count }.max() ?? 0
        // A run of two has one pair only, and so may stand apart.
        let shortest = longest - group.count + 1
        guard [2, 3].contains(shortest), group.map(text).sorted() == (shortest...longest).map(run) else {
            throw mixed
        }
        for length in 2...2 * longest + 1 {
            let parts = Array(repeating: longest, count: length / longest) + [length % longest]
            let found = tokenizer.encode(run(length - (addsSpace ? 1 : 0)), addSpecialTokens: false)
            guard found == parts.filter({ $0 > 0 }).compactMap({ tokenizer.id(of: run($0)) }) else {
                throw mixed
            }
        }
    }
}
