import Foundation

/// What whoever started the process may have closed or limited: descriptors 0, 1 and 2, and sizes of files.
enum StandardDescriptors {
    /// Opens `/dev/null` on each of them that is closed, and has writes to a closed pipe, or beyond the limit
    /// on sizes of files (`ulimit -f`), fail instead of ending the process.
    ///
    /// Before anything else is opened: the first file would get the number of a closed one, and the progress
    /// on stderr would be written into it.
    static func secure() {
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO]
        where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
            // The lowest number that is free is this one.
            _ = open("/dev/null", O_RDWR)
        }
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
    }
}
