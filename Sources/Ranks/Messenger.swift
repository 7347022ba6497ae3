/// Passes bytes between the processes of one run, which are numbered from 0. All of them make the same calls
/// in the same order, one thread at a time.
public protocol Messenger: AnyObject, Sendable {
    /// Number of this process.
    var rank: Int { get }
    /// Processes of the run.
    var count: Int { get }

    /// Sends to one process while it receives from another, whose numbers of bytes are known.
    func exchange(
        _ out: UnsafeRawBufferPointer, to: Int, _ into: UnsafeMutableRawBufferPointer, from: Int) throws

    /// Gives all processes the bytes that `from` has.
    func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from: Int) throws

    /// Leaves the run, once all processes do.
    func finish()

    /// Ends all processes of the run, this one with `status`.
    func abandon(status: Int32)
}
