import CMessages
import Foundation

/// Messages through the MPI whose `mpirun` started the process.
final class MPIMessenger: Messenger, @unchecked Sendable {
    private let plugin: UnsafePointer<messages_plugin>
    let rank, count: Int

    /// Loads the plug-in that stands beside the executable, and joins the run.
    ///
    /// - Throws: `RanksError`
    init(_ launch: Launch) throws {
        let name = launch.mpi.lowercased().filter(\.isLetter)
        let path = Self.folder.appendingPathComponent("align-ti-\(name).so").path
        var problem = [CChar](repeating: 0, count: 512)
        guard let plugin = messages_load(path, &problem, problem.count) else {
            throw RanksError.noPlugin(mpi: launch.mpi, path: path, problem: Self.text(problem))
        }
        var (rank, count): (Int32, Int32) = (0, 1)
        let error = plugin.pointee.start(&rank, &count)
        (self.plugin, self.rank, self.count) = (plugin, Int(rank), Int(count))
        try check(error, "start")
        guard self.rank == launch.rank, self.count == launch.count else {
            throw RanksError.lost(
                operation: "start",
                problem: "\(path) was built against another MPI: it sees \(count) processes, mpirun started "
                    + "\(launch.count)")
        }
    }

    private static var folder: URL {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    }

    func exchange(
        _ out: UnsafeRawBufferPointer, to: Int, _ into: UnsafeMutableRawBufferPointer, from: Int
    ) throws {
        try check(
            plugin.pointee.exchange(
                out.baseAddress, out.count, Int32(to), into.baseAddress, into.count, Int32(from)),
            "exchange with ranks \(to) and \(from)")
    }

    func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from: Int) throws {
        try check(
            plugin.pointee.broadcast(bytes.baseAddress, bytes.count, Int32(from)),
            "broadcast from rank \(from)")
    }

    func finish() { _ = plugin.pointee.finish() }

    func abandon(status: Int32) { plugin.pointee.abandon(status) }

    private func check(_ error: Int32, _ operation: String) throws {
        guard error != 0 else { return }
        var text = [CChar](repeating: 0, count: 512)
        plugin.pointee.describe(error, &text, text.count)
        throw RanksError.lost(operation: operation, problem: Self.text(text))
    }

    private static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
