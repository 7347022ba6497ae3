/// Order of an epoch in which samples about one picture follow each other, so that a step computes what they
/// have in common once.
package enum ImageGroups {
    /// Moves samples forward to the first one about their picture.
    ///
    /// - Parameters:
    ///   - order: samples of an epoch
    ///   - most: samples of a picture that are moved together
    ///   - picture: of a sample; nil for one without
    package static func ordered(
        _ order: [Int], most: Int, picture: (Int) throws -> Int?
    ) rethrows -> [Int] {
        guard most > 1 else { return order }
        let pictures = try order.map(picture)
        var waiting: [Int: [Int]] = [:]  // positions about a picture, last first
        for position in order.indices.reversed() {
            if let picture = pictures[position] { waiting[picture, default: []].append(position) }
        }
        var taken = [Bool](repeating: false, count: order.count)
        var result: [Int] = []
        result.reserveCapacity(order.count)
        for position in order.indices where !taken[position] {
            guard let picture = pictures[position] else {
                result.append(order[position])
                continue
            }
            for _ in 0..<most {
                guard let next = waiting[picture]?.popLast() else { break }
                taken[next] = true
                result.append(order[next])
            }
        }
        return result
    }

    /// The samples of a step that belong into one pass: runs about one picture, of at most `most`.
    ///
    /// - Parameter pictures: of the samples, in their order
    package static func runs(_ pictures: [Int?], most: Int) -> [[Int]] {
        var runs: [[Int]] = []
        for (index, picture) in pictures.enumerated() {
            if let last = runs.last, last.count < most, let picture, pictures[last[0]] == picture {
                runs[runs.count - 1].append(index)
            } else {
                runs.append([index])
            }
        }
        return runs
    }
}
