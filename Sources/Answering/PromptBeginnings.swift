import Files
import Models
import Text

/// What prompts that are answered at the same time have in common, which is computed once: draws all but the
/// last token, questions about one picture all up to its end.
package struct PromptBeginnings {
    private struct Beginning: Hashable {
        let image: ExactKey?
        let ids: ArraySlice<Int32>
    }

    /// Of each prompt its beginning; nil where no other one has it.
    package let prefixes: [RowSharing.Prefix?]

    /// - Parameter prompts: of each the name of its picture, where it shows one, and its ids
    package init(_ prompts: [(image: String?, ids: [Int32])]) {
        let candidates = prompts.map { image, ids in
            let key = image.map { ExactKey($0) }
            // A prompt has a last row of its own, from which its answer goes on.
            let picture = ids.lastIndex(of: TokenizedConversation.imageTokenIndex).map { $0 + 1 } ?? 0
            return Set([ids.count - 1, picture]).filter { (1..<max(1, ids.count)).contains($0) }
                .sorted(by: >).map { Beginning(image: key, ids: ids[..<$0]) }
        }
        var counts: [Beginning: Int] = [:]
        for beginning in candidates.joined() { counts[beginning, default: 0] += 1 }
        var numbers: [Beginning: Int] = [:]
        prefixes = candidates.map { own in
            guard let shared = own.first(where: { counts[$0] ?? 0 > 1 }) else { return nil }
            let number = numbers[shared] ?? numbers.count
            numbers[shared] = number
            return RowSharing.Prefix(key: number, rows: shared.ids.count)
        }
    }
}
