/// Visual tokens that carry the first `mass` of a sample's alpha: the fewest whose alphas reach that share
/// of the sum, the largest first, the earlier of equals; ascending.
package func leadingPositions(_ alpha: [Float], mass: Double) -> [Int] {
    let wanted = mass * alpha.reduce(0.0) { $0 + Double($1) }
    var (kept, sum): ([Int], Double) = ([], 0)
    for position in alpha.indices.sorted(by: { alpha[$0] != alpha[$1] ? alpha[$0] > alpha[$1] : $0 < $1 }) {
        guard sum < wanted, alpha[position] > 0 else { break }
        sum += Double(alpha[position])
        kept.append(position)
    }
    return kept.sorted()
}

extension CachedShard {
    /// The same with the visual tokens that matter least left out.
    ///
    /// Each sample keeps its own leading tokens and has alpha 0 elsewhere, so its loss does not depend on the
    /// samples beside it. A group of visual targets, which samples with different instructions share, keeps
    /// the union.
    ///
    /// - Parameter settings: with a `saliencyMass` below 1; self holds all visual tokens
    func cut(_ settings: TeacherOutputSettings) -> CachedShard {
        var result = CachedShard(settings)
        var wanted = [Set<Int>](repeating: [], count: groups)
        let cuts = (0..<samples).map { index in
            let alpha = sample(index).saliency
            let kept = leadingPositions(alpha, mass: settings.saliencyMass)
            if let group = visualGroup(index) { wanted[group].formUnion(kept) }
            var cut = [Float](repeating: 0, count: alpha.count)
            for position in kept { cut[position] = alpha[position] }
            return cut
        }
        let numbers = wanted.indices.map { group in
            let (targets, positions) = (targets(ofGroup: group), wanted[group].sorted())
            return result.addVisualGroup(positions.map { targets[$0] }, at: positions)
        }
        for index in 0..<samples {
            result.addSample(
                visualGroup: visualGroup(index).map { numbers[$0] } ?? -1, saliency: cuts[index],
                response: sample(index).response)
        }
        return result
    }
}
