import Autograd
import Foundation
import Tensors

extension LlavaModel {
    /// Whether this model and another see the same: equal towers, this one's frozen.
    public func hasFrozenTower(of other: LlavaModel) -> Bool {
        guard let mine = vision, let others = other.vision,
            configuration.featureSelection == other.configuration.featureSelection,
            configuration.usedVisionLayers == other.configuration.usedVisionLayers,
            mine.configuration == others.configuration,
            mine.parameters.count == others.parameters.count
        else { return false }
        return zip(mine.parameters, others.parameters).allSatisfy { a, b in
            !a.value.requiresGradient && a.name == b.name && a.value.hasSameValues(as: b.value)
        }
    }
}

extension Value {
    fileprivate func hasSameValues(as other: Value) -> Bool {
        guard shape == other.shape else { return false }
        if half != nil || other.half != nil {
            let (a, b) = (half ?? HalfTensor(data), other.half ?? HalfTensor(other.data))
            return memcmp(a.pointer, b.pointer, a.count * MemoryLayout<UInt16>.stride) == 0
        }
        let (a, b) = (data, other.data)
        return memcmp(a.pointer, b.pointer, a.count * MemoryLayout<Float>.stride) == 0
    }
}
