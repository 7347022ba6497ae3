import Foundation
import Processors
import Ranks

/// What the processes of a run print: the first one everything, the others only why they fail.
enum RankStreams {
    /// Variable that names a folder: every process but the first logs there, `rank-3.log`.
    static let variable = "ALIGN_TI_RANK_LOGS"

    /// Sends the output of every process but the first to its log, or nowhere.
    ///
    /// - Returns: takes lines for the user all the same: for errors
    static func start(_ launch: Launch?) -> (String) -> Void {
        guard let launch, launch.rank > 0 else { return StandardError.write }
        let user = dup(STDERR_FILENO)
        let folder = ProcessInfo.processInfo.environment[variable] ?? ""
        let log = folder.isEmpty ? "/dev/null" : "\(folder)/rank-\(launch.rank).log"
        let file = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        let problem = String(cString: strerror(errno))
        guard file >= 0 else {
            return { line in StandardError.write("\(line)\n(\(log) cannot be written: \(problem))") }
        }
        for stream in [STDOUT_FILENO, STDERR_FILENO] { dup2(file, stream) }
        close(file)
        return { line in
            // What fails in all of them the first one says, and ends the others.
            Thread.sleep(forTimeInterval: 0.5)
            StandardError.write(line)
            dup2(user, STDERR_FILENO)
            StandardError.write(line)
        }
    }

    /// Leaves a process its share of the host's processors, where all processes of a host see all of them.
    static func divideProcessors(_ launch: Launch?) {
        let all = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        guard let share = launch?.share(of: AllowedProcessors.bound, all: Int(all))
        else {
            return
        }
        AllowedProcessors.limit(to: share.count, skipping: share.skipping)
    }
}
