import Benchmarks
import Models

extension [Question] {
    /// Numbers of the questions in an order in which those about one image are neighbours: images as they
    /// come first.
    var byImage: [Int] {
        var first: [String: Int] = [:]
        let images = enumerated().map { index, question in
            guard let image = question.image.identity else { return index }
            let number = first[image] ?? index
            first[image] = number
            return number
        }
        return indices.sorted { (images[$0], $0) < (images[$1], $1) }
    }
}

/// Numbers for what prompts about one image have in common: all up to the end of the image.
final class SharedBeginnings {
    private struct Beginning: Hashable {
        let image: String
        let ids: ArraySlice<Int32>
    }

    private var numbers: [Beginning: Int] = [:]
    /// Of each question its image, and of each image how many questions are about it.
    private let images: [String?]
    private let counts: [String: Int]

    init(_ questions: [Question]) {
        images = questions.map(\.image.identity)
        counts = images.reduce(into: [:]) { if let image = $1 { $0[image, default: 0] += 1 } }
    }

    /// - Parameters:
    ///   - index: of the question
    ///   - ids: of its prompt
    ///   - placeholder: the id of visual tokens
    /// - Returns: nil where no other question is about the image, or the prompt ends with it
    func prefix(ofQuestion index: Int, _ ids: [Int32], until placeholder: Int32) -> RowSharing.Prefix? {
        guard let image = images[index], counts[image] ?? 0 > 1,
            let last = ids.lastIndex(of: placeholder), last + 1 < ids.count
        else { return nil }
        let beginning = Beginning(image: image, ids: ids[...last])
        let number = numbers[beginning] ?? numbers.count
        numbers[beginning] = number
        return RowSharing.Prefix(key: number, rows: last + 1)
    }
}
