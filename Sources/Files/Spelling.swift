/// Finds what a misspelt name may have meant.
public enum Spelling {
    /// Up to `count` of the candidates, the nearest first; those that differ in more than half of their
    /// letters are left out.
    public static func nearest(to name: String, among candidates: [String], count: Int = 3) -> [String] {
        let wanted = Array(name.utf8)
        // Very long lists (a checkpoint's tensors) are first narrowed to names of about this length.
        let scored = candidates.compactMap { candidate -> (distance: Int, candidate: String)? in
            let letters = Array(candidate.utf8)
            let most = max(2, max(wanted.count, letters.count) / 2)
            guard abs(letters.count - wanted.count) <= most, letters.count < 200, wanted.count < 200 else {
                return nil
            }
            let distance = editDistance(wanted, letters)
            return distance <= most ? (distance, candidate) : nil
        }
        return scored.sorted { ($0.distance, $0.candidate) < ($1.distance, $1.candidate) }.prefix(count).map(
            \.candidate)
    }

    /// Levenshtein's distance.
    private static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for i in a.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in b.indices {
                let above = row[j + 1]
                row[j + 1] = min(above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1))
                diagonal = above
            }
        }
        return row[b.count]
    }
}
