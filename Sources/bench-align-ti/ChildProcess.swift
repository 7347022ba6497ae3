import Foundation
import Stage

/// This program once more, for one figure.
enum ChildProcess {
    /// - Returns: the lines it printed
    /// - Throws: `StageError.usage` when it did not end well; it has said why on stderr
    static func lines(_ arguments: [String], of name: String) throws -> [String] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw StageError.usage("\(name) ended with status \(process.terminationStatus)")
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
