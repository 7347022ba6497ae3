import Files

/// The picture cells of MMBench's table: base64, or, in newer releases, the index of a row that has the same
/// picture.
///
/// A cell that holds neither is known here and an error where its picture is asked for: scoring needs none.
struct MMBenchPictures {
    private enum Cell {
        case picture([UInt8])
        case row(Int)
        case damaged(String)
    }

    private let file: String
    private var cells: [Int: (line: Int, cell: Cell)] = [:]
    /// Of every question the latest cell: rotations repeat it, and it is held once.
    private var latest: [Int: (encoded: ArraySlice<UInt8>, cell: Cell)] = [:]

    init(file: String) { self.file = file }

    /// Adds a row's cell.
    ///
    /// - Parameter encoded: nil where the table has no such column
    mutating func add(_ encoded: ArraySlice<UInt8>?, row: Int, of question: Int, line: Int) {
        guard let encoded else {
            cells[row] = (line, .damaged("the table has no such column"))
            return
        }
        if let known = latest[question], known.encoded == encoded {
            cells[row] = (line, known.cell)
            return
        }
        let cell = Self.cell(encoded)
        latest[question] = (encoded, cell)
        cells[row] = (line, cell)
    }

    private static func cell(_ encoded: ArraySlice<UInt8>) -> Cell {
        // No picture is that short.
        if encoded.count <= 20, let text = String(validating: encoded, as: UTF8.self) {
            if let row = MMBench.rowNumber(text) { return .row(row) }
            if isMissingInTable(text) { return .damaged("the cell is empty") }
        }
        do throws(Base64.Failure) {
            // In lines, as mail has it, or with blanks around it: Python's decoder passes them over too.
            func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte >= 0x09 && byte <= 0x0D }
            let bytes = try Base64.decode(
                encoded.contains(where: isBlank) ? encoded.filter { !isBlank($0) }[...] : encoded)
            guard Base64.isImage(bytes) else {
                return .damaged("its \(bytes.count) bytes are no JPEG, PNG, WebP, GIF, BMP or TIFF file")
            }
            return .picture(bytes)
        } catch { return .damaged(error.reason) }
    }

    /// The picture of a row, its own or that of the row it names, which may name another.
    func source(ofRow row: Int) -> ImageSource {
        guard let (line, cell) = cells[row] else { return .none }
        func damaged(_ reason: String) -> ImageSource {
            .damaged(BenchmarkError.damagedImage(file: file, line: line, field: "image", reason: reason))
        }
        var (found, named) = (cell, [row])
        while case .row(let next) = found {
            guard let cell = cells[next]?.cell else {
                return damaged("it names row \(next), which the table does not have")
            }
            guard !named.contains(next) else {
                let names = (named + [next]).map(String.init).joined(separator: ", then ")
                return damaged("rows name each other: \(names)")
            }
            named.append(next)
            found = cell
        }
        switch found {
        case .picture(let bytes): return .bytes(bytes)
        case .damaged(let reason) where named.count > 1:
            return damaged("it names row \(named[named.count - 1]), of which \(reason)")
        case .damaged(let reason): return damaged(reason)
        case .row: return .none
        }
    }
}

extension MMBench {
    /// The number of a row as tables have it: `241`, or `241.0`, which pandas makes of a column that once had
    /// a gap.
    package static func rowNumber(_ text: String) -> Int? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 1 || !parts[1].isEmpty && parts[1].allSatisfy({ $0 == "0" }),
            let number = Int(parts[0]), number >= 0
        else { return nil }
        return number
    }
}
