import Distillation
import Files

/// Cached targets of many positions as columns of a safetensors file.
protocol TargetColumns: Sendable {
    /// Positions.
    var count: Int { get }
    /// Log of the probability each position leaves to the ids that are not kept.
    var logTails: [Float] { get }
    /// Bytes of the columns before compression.
    func byteCount(common: Int) -> Int
    mutating func append(_ targets: [CachedTarget])
    func target(_ index: Int) -> CachedTarget
    func write(_ name: String, common: Int, to writer: inout SafeTensorsWriter)
}
