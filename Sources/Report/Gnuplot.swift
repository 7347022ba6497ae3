import Foundation

/// Draws plots with the program gnuplot.
public enum Gnuplot {
    /// The plot as gnuplot's SVG document.
    ///
    /// - Throws: `ReportError.gnuplotMissing`, `.gnuplotFailed` with what it said
    public static func svg(_ plot: Plot) throws -> String {
        let process = Process()
        // env looks along the PATH and returns 127 where there is no such program.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gnuplot", "--default-settings", "-"]
        let (input, output, errors) = (Pipe(), Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, errors)
        do { try process.run() } catch { throw ReportError.gnuplotMissing }
        // gnuplot reads all of its script before it writes, and what it says on stderr fits into a pipe.
        try? input.fileHandleForWriting.write(contentsOf: Data(plot.script.utf8))
        try? input.fileHandleForWriting.close()
        let document = output.fileHandleForReading.readDataToEndOfFile()
        let message = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        if process.terminationStatus == 127 { throw ReportError.gnuplotMissing }
        let text = String(decoding: document, as: UTF8.self)
        guard process.terminationStatus == 0, text.contains("</svg>") else {
            let said = String(decoding: message, as: UTF8.self).trimmingCharacters(
                in: .whitespacesAndNewlines)
            throw ReportError.gnuplotFailed(
                plot: plot.id, status: process.terminationStatus, message: said.isEmpty ? "no output" : said)
        }
        return text
    }
}
