/// The ten digits on a grid of 5 x 7 dots.
enum DigitFont {
    static let columns = 5
    static let rows = 7

    private static let glyphs: [[String]] = [
        [".###.", "#...#", "#...#", "#...#", "#...#", "#...#", ".###."],
        ["..#..", ".##..", "#.#..", "..#..", "..#..", "..#..", "#####"],
        [".###.", "#...#", "....#", "...#.", "..#..", ".#...", "#####"],
        ["####.", "....#", "....#", ".###.", "....#", "....#", "####."],
        ["#..#.", "#..#.", "#..#.", "#####", "...#.", "...#.", "...#."],
        ["#####", "#....", "#....", "####.", "....#", "....#", "####."],
        [".###.", "#....", "#....", "####.", "#...#", "#...#", ".###."],
        ["#####", "....#", "...#.", "...#.", "..#..", "..#..", "..#.."],
        [".###.", "#...#", "#...#", ".###.", "#...#", "#...#", ".###."],
        [".###.", "#...#", "#...#", ".####", "....#", "....#", ".###."],
    ]

    private static let dots: [[Bool]] = glyphs.map { rows in
        rows.flatMap { row in row.utf8.map { $0 == UInt8(ascii: "#") } }
    }

    /// Whether the dot of `digit` (0-9) is set; dots outside the grid are not.
    static func isSet(_ digit: Int, row: Int, column: Int) -> Bool {
        guard (0..<rows).contains(row), (0..<columns).contains(column) else { return false }
        return dots[digit][row * columns + column]
    }
}
