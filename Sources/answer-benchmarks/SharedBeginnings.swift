import Benchmarks
import Models

extension [Question] {
    /// Numbers of the questions in an order in which those about one image are neighbours: images as they
    /// come first.
    var byImage: [Int] {
        var first: [ImageSource: Int] = [:]
        let images = enumerated().map { index, question in
            guard !question.image.isNone else { return index }
            let number = first[question.image] ?? index
            first[question.image] = number
            return number
        }
        return indices.sorted { (images[$0], $0) < (images[$1], $1) }
    }
}

/// Numbers for what prompts about one image have in common: all up to the end of the image.
final class SharedBeginnings {
    private struct Beginning: Hashable {
        let image: ImageSource
        let ids: ArraySlice<Int32>
    }

    private var numbers: [Beginning: Int] = [:]
    /// Questions about each image.
    private let counts: [ImageSource: Int]

    init(_ questions: [Question]) {
        counts = questions.reduce(into: [:]) { $0[$1.image, default: 0] += 1 }
    }

    /// - Parameters:
    ///   - ids: of the prompt
    ///   - placeholder: the id of visual tokens
    /// - Returns: nil where no other question is about the image, or the prompt ends with it
    func prefix(of image: ImageSource, _ ids: [Int32], until placeholder: Int32) -> RowSharing.Prefix? {
        guard counts[image] ?? 0 > 1, let last = ids.lastIndex(of: placeholder), last + 1 < ids.count else {
            return nil
        }
        let beginning = Beginning(image: image, ids: ids[...last])
        let number = numbers[beginning] ?? numbers.count
        numbers[beginning] = number
        return RowSharing.Prefix(key: number, rows: last + 1)
    }
}
