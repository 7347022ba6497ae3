/// One record of a TensorBoard event file: the protocol buffer `tensorflow.Event`, of which three kinds are
/// needed.
///
/// Fields: `wall_time` 1 (double), `step` 2 (int64), `file_version` 3 (string), `summary` 5 {`value` 1 {`tag`
/// 1 (string), `simple_value` 2 (float)}}, `session_log` 7 {`status` 1 (enum, START = 1)}.
public enum TensorBoardEvent {
    /// The first record of every file.
    public static func fileVersion(wallSeconds: Double) -> [UInt8] {
        head(wallSeconds, step: nil) + field(3, Array("brain.Event:2".utf8))
    }

    /// A record that makes TensorBoard forget what earlier files of the folder say about this step and later
    /// ones.
    public static func restart(step: Int, wallSeconds: Double) -> [UInt8] {
        head(wallSeconds, step: step) + field(7, key(1, .varint) + varint(1))
    }

    /// Numbers of a step by tag; `loss/sft` and `loss/kd` stand in one group.
    public static func scalars(
        _ values: [(tag: String, value: Float)], step: Int, wallSeconds: Double
    ) -> [UInt8] {
        let summary = values.flatMap { tag, value in
            field(1, field(1, Array(tag.utf8)) + key(2, .fixed32) + littleEndian(value.bitPattern))
        }
        return head(wallSeconds, step: step) + field(5, summary)
    }

    private enum Wire: UInt64 {
        case varint = 0
        case fixed64 = 1
        case length = 2
        case fixed32 = 5
    }

    private static func head(_ wallSeconds: Double, step: Int?) -> [UInt8] {
        key(1, .fixed64) + littleEndian(wallSeconds.bitPattern)
            + (step.map { key(2, .varint) + varint(UInt64(bitPattern: Int64($0))) } ?? [])
    }

    private static func key(_ number: UInt64, _ wire: Wire) -> [UInt8] { varint(number << 3 | wire.rawValue) }

    private static func field(_ number: UInt64, _ bytes: [UInt8]) -> [UInt8] {
        key(number, .length) + varint(UInt64(bytes.count)) + bytes
    }

    /// Seven bits a byte, the lowest first, the top bit set on all but the last.
    private static func varint(_ value: UInt64) -> [UInt8] {
        var (rest, bytes) = (value, [UInt8]())
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian, Array.init)
    }
}
