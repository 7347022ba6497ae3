/// Comma-separated values after RFC 4180: quotes where a cell needs them, doubled inside; lines end with CR
/// LF or LF.
public enum CSV {
    /// The rows as one text with line feeds.
    public static func text(_ rows: [[String]]) -> String {
        rows.map { $0.map(quoted).joined(separator: ",") + "\n" }.joined()
    }

    private static func quoted(_ cell: String) -> String {
        let needsQuotes = cell.utf8.contains { $0 == 0x2C || $0 == 0x22 || $0 == 0x0A || $0 == 0x0D }
        let padded = cell.utf8.first == 0x20 || cell.utf8.last == 0x20
        guard needsQuotes || padded else { return cell }
        return "\"" + cell.unicodeScalars.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
    }

    /// Reads a text; empty lines are passed over, and a quote that is never closed ends with the text.
    public static func rows(_ text: String) -> [[String]] {
        var rows: [[String]] = []
        var (row, cell) = ([String](), String.UnicodeScalarView())
        var (isQuoted, wasQuoted) = (false, false)
        func isEmptyLine() -> Bool { row.isEmpty && cell.isEmpty && !wasQuoted }
        func endCell() {
            row.append(String(cell))
            cell = String.UnicodeScalarView()
            wasQuoted = false
        }
        func endRow() {
            if !isEmptyLine() {
                endCell()
                rows.append(row)
            }
            row = []
        }
        let scalars = Array(text.unicodeScalars)
        var index = scalars.first == "\u{FEFF}" ? 1 : 0
        while index < scalars.count {
            let scalar = scalars[index]
            index += 1
            if isQuoted {
                if scalar != "\"" {
                    cell.append(scalar)
                } else if index < scalars.count, scalars[index] == "\"" {
                    cell.append("\"")
                    index += 1
                } else {
                    isQuoted = false
                }
                continue
            }
            switch scalar {
            case "\"" where cell.isEmpty: (isQuoted, wasQuoted) = (true, true)
            case ",": endCell()
            case "\n": endRow()
            case "\r" where index >= scalars.count || scalars[index] == "\n": break
            default: cell.append(scalar)
            }
        }
        endRow()
        return rows
    }
}
