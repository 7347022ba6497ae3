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
        if encoded.count <= 18, let text = String(validating: encoded, as: UTF8.self) {
            if let row = Int(text), row >= 0 { return .row(row) }
            if isMissingInTable(text) { return .damaged("the cell is empty") }
        }
        do throws(Base64.Failure) {
            let bytes = try Base64.decode(encoded)
            guard Base64.isImage(bytes) else {
                return .damaged("its \(bytes.count) bytes are no JPEG, PNG, WebP, GIF, BMP or TIFF file")
            }
            return .picture(bytes)
        } catch { return .damaged(error.reason) }
    }

    /// The picture of a row, its own or that of the row it names.
    func source(ofRow row: Int) -> ImageSource {
        guard let (line, cell) = cells[row] else { return .none }
        func damaged(_ reason: String) -> ImageSource {
            .damaged(BenchmarkError.damagedImage(file: file, line: line, field: "image", reason: reason))
        }
        switch cell {
        case .picture(let bytes): return .bytes(bytes)
        case .damaged(let reason): return damaged(reason)
        case .row(let other):
            switch cells[other]?.cell {
            case .picture(let bytes)?: return .bytes(bytes)
            case .row(let next)?: return damaged("it names row \(other), whose own names row \(next)")
            case .damaged(let reason)?: return damaged("it names row \(other), of which \(reason)")
            case nil: return damaged("it names row \(other), which the table does not have")
            }
        }
    }
}
