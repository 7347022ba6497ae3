import Autograd
import Tensors

/// Keys and values of several sequences that are being continued, a slot each, for all layers.
///
/// A slot's rows stand together, so that a decoding step reads them where they are. The memory grows by
/// doubling.
final class KeyValueCache {
    let slots: Int
    private let width: Int  // keyHeads * headSize
    private var capacity: Int  // rows a slot has room for
    private var keys, values: [Tensor]  // a layer each: [slots * capacity, width]
    /// Rows in use, by slot.
    private(set) var lengths: [Int]

    init(_ text: TextConfiguration, slots: Int, capacity: Int = 64) {
        (self.slots, self.capacity, width) = (slots, capacity, text.keyHeads * text.headSize)
        let shape = [slots * capacity, width]
        keys = (0..<text.layers).map { _ in Tensor(uninitialized: shape) }
        values = (0..<text.layers).map { _ in Tensor(uninitialized: shape) }
        lengths = Array(repeating: 0, count: slots)
    }

    /// Keys and values that a decoding step reads.
    var trunk: [LayerKeys] { zip(keys, values).map { LayerKeys(keys: Value($0), values: Value($1)) } }

    /// One new row for each of the given slots: it sees all of its slot, and itself.
    func layout(of active: [Int]) -> AttentionLayout {
        AttentionLayout(
            active.enumerated().map { row, slot in
                let start = slot * capacity
                return .init(
                    queries: row..<row + 1, keys: start..<start + lengths[slot],
                    visible: [Int32(lengths[slot])], seesItself: true)
            })
    }

    /// Starts a slot anew with some rows of a forward pass.
    func replace(slot: Int, with layers: [LayerKeys], rows: Range<Int>) {
        lengths[slot] = 0
        append(to: slot, layers, rows: rows)
    }

    /// Adds rows of a forward pass to a slot.
    func append(to slot: Int, _ layers: [LayerKeys], rows: Range<Int>) {
        reserve(lengths[slot] + rows.count)
        let start = (slot * capacity + lengths[slot]) * width
        for (layer, new) in layers.enumerated() {
            (keys[layer].pointer + start).update(
                from: new.keys.data.pointer + rows.lowerBound * width, count: rows.count * width)
            (values[layer].pointer + start).update(
                from: new.values.data.pointer + rows.lowerBound * width, count: rows.count * width)
        }
        lengths[slot] += rows.count
    }

    private func reserve(_ rows: Int) {
        guard rows > capacity else { return }
        let larger = max(rows, 2 * capacity)
        func grown(_ tensor: Tensor) -> Tensor {
            let result = Tensor(uninitialized: [slots * larger, width])
            for slot in 0..<slots {
                (result.pointer + slot * larger * width).update(
                    from: tensor.pointer + slot * capacity * width, count: lengths[slot] * width)
            }
            return result
        }
        // Layer by layer, so that only one is in memory twice.
        for layer in keys.indices {
            keys[layer] = grown(keys[layer])
            values[layer] = grown(values[layer])
        }
        capacity = larger
    }
}
