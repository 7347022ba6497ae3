import Answering
import Models
import Testing

@Suite struct PromptBeginningsTests {
    private let image: Int32 = -200

    /// Draws share all but the last id, questions about a picture all up to its end, others nothing.
    @Test func whatPromptsHaveInCommonIsNumbered() {
        let about = [1, image, image, 5, 6]
        let beginnings = PromptBeginnings([
            ("a", about), ("a", about), ("a", [1, image, image, 7, 8]), ("a", [1, image, image, 9]),
            ("b", [1, image, image, 7, 8]), (nil, [1, 2, 3]), (nil, [1, 2, 3]), (nil, [4]), (nil, [4]),
        ])
        #expect(
            beginnings.prefixes.map { $0?.rows } == [4, 4, 3, 3, nil, 2, 2, nil, nil])
        let keys = beginnings.prefixes.map { $0?.key }
        #expect(keys[0] == keys[1] && keys[2] == keys[3] && keys[5] == keys[6])
        #expect(Set(keys.compactMap { $0 }).count == 3)
    }

    /// The picture's end may be all but the last id: one beginning and not two.
    @Test func aPromptSharesNothingWithItself() {
        #expect(PromptBeginnings([("a", [1, image, 5])]).prefixes == [nil])
    }
}
