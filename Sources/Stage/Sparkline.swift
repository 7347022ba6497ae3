/// A curve of a line's height, in Unicode blocks: `▇▅▃▂▁▁`.
public enum Sparkline {
    private static let blocks: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// - Parameters:
    ///   - values: in order; what is not finite is a blank
    ///   - width: characters at most; each is the mean over as many neighbours
    public static func text(_ values: [Double], width: Int) -> String {
        guard width > 0, !values.isEmpty else { return "" }
        let count = min(width, values.count)
        let means = (0..<count).map { place -> Double in
            let part = values[place * values.count / count..<(place + 1) * values.count / count].filter(
                \.isFinite)
            return part.isEmpty ? .nan : part.reduce(0, +) / Double(part.count)
        }
        // A loss starts many times higher than it ends: the height is that of what follows the first tenth.
        let finite = means.dropFirst(count / 10).filter(\.isFinite)
        guard let least = finite.min(), let most = finite.max() else {
            return String(repeating: " ", count: count)
        }
        return String(
            means.map { value in
                guard value.isFinite else { return " " }
                // A constant is a line at the bottom.
                let share = most > least ? (value - least) / (most - least) : 0
                return blocks[min(blocks.count - 1, Int(max(0, min(1, share)) * Double(blocks.count)))]
            })
    }
}
