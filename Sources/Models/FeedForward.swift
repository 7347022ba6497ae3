import Autograd

/// The gated feed-forward of Qwen and Llama: `down(silu(gate x) ⊙ up x)`.
struct FeedForward {
    let gate, up, down: Linear

    init(_ weights: WeightScope, hidden: Int, intermediate: Int) throws {
        gate = try Linear(weights / "gate_proj", outputs: intermediate, inputs: hidden)
        up = try Linear(weights / "up_proj", outputs: intermediate, inputs: hidden)
        down = try Linear(weights / "down_proj", outputs: hidden, inputs: intermediate)
    }

    /// `[rows, hidden]` → `[rows, hidden]`
    func callAsFunction(_ x: Value) -> Value { down(siluGate(gate(x), up(x))) }

    var parameters: [Parameter] { gate.parameters + up.parameters + down.parameters }
}
