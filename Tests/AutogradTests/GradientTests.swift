import Autograd
import NumericsSupport
import Tensors
import Testing

/// Every operation's gradient against central differences. The bound is what float32 differences can tell at
/// this step.
@Suite struct GradientTests {
    private let bound = 5e-3

    @Test func linearWithBias() {
        #expect(
            gradientError(inputs: [[5, 7], [3, 7], [3]]) { linear($0[0], weight: $0[1], bias: $0[2]) } < bound
        )
    }

    @Test func sumOfTwoUsesOfTheSameValue() {
        #expect(gradientError(inputs: [[4, 3]]) { 0.5 * ($0[0] + $0[0]) + $0[0] } < bound)
    }

    @Test(arguments: [Activation.gelu, .geluTanh, .quickGelu]) func activations(_ activation: Activation) {
        #expect(gradientError(inputs: [[6, 9]]) { activate($0[0], activation) } < bound)
    }

    @Test func gatedSilu() {
        #expect(gradientError(inputs: [[4, 6], [4, 6]]) { siluGate($0[0], $0[1]) } < bound)
    }

    @Test func rmsNormOverRowsAndOverHeads() {
        #expect(
            gradientError(inputs: [[4, 8], [8]]) { rmsNorm($0[0], weight: $0[1], epsilon: 1e-6) } < bound)
        #expect(
            gradientError(inputs: [[4, 8], [4]]) { rmsNorm($0[0], weight: $0[1], epsilon: 1e-6) } < bound)
    }

    @Test func layerNormWithWeightAndBias() {
        #expect(
            gradientError(inputs: [[4, 8], [8], [8]]) {
                layerNorm($0[0], weight: $0[1], bias: $0[2], epsilon: 1e-5)
            } < bound)
    }

    @Test func rowsGatheredTwiceReplacedConcatenatedAndRepeated() {
        #expect(gradientError(inputs: [[5, 3]]) { gatherRows($0[0], [4, 1, 1, 0]) } < bound)
        #expect(
            gradientError(inputs: [[5, 3], [2, 3]]) { replaceRows($0[0], at: [1, 3], with: $0[1]) } < bound)
        #expect(
            gradientError(inputs: [[2, 3], [4, 3]]) { concatenateRows([$0[0], $0[1], $0[0]]) } < bound)
        #expect(gradientError(inputs: [[6, 3], [2, 3]]) { addRepeated($0[0], $0[1]) } < bound)
    }

    @Test func rotaryTurnsBack() {
        let table = RotaryTable(positions: [0, 3, 17, 5], headSize: 6, theta: 100)
        #expect(gradientError(inputs: [[4, 12]]) { rotary($0[0], table) } < bound)
    }

    @Test func causalAttentionWithGroupedHeads() {
        let layout = AttentionLayout.causal(lengths: [3, 1, 5])
        #expect(
            gradientError(inputs: [[9, 16], [9, 8], [9, 8]]) {
                attention(
                    $0[0], AttentionKeys(trunkKeys: $0[1], trunkValues: $0[2]), layout: layout, headSize: 4)
            } < bound)
    }

    @Test func candidatesThatSeeAPrefixOfTheTrunkAndThemselves() {
        let layout = AttentionLayout([
            .init(queries: 0..<3, keys: 0..<4, visible: [0, 2, 4], seesItself: true),
            .init(queries: 3..<5, keys: 4..<6, visible: [1, 1], seesItself: true),
        ])
        #expect(
            gradientError(inputs: [[5, 8], [6, 4], [6, 4], [5, 4], [5, 4]]) {
                attention(
                    $0[0],
                    AttentionKeys(trunkKeys: $0[1], trunkValues: $0[2], ownKeys: $0[3], ownValues: $0[4]),
                    layout: layout, headSize: 4)
            } < bound)
    }

    @Test func blocksLongerThanOneAgreeWithDifferences() {
        // 300 rows are three blocks; only a few entries are checked through the row weights being random.
        let layout = AttentionLayout.causal(lengths: [140])
        #expect(
            gradientError(inputs: [[140, 2], [140, 2], [140, 2]]) {
                attention(
                    $0[0], AttentionKeys(trunkKeys: $0[1], trunkValues: $0[2]), layout: layout, headSize: 2)
            } < 2 * bound)
    }

    @Test func recomputationGivesTheSameGradients() {
        func block(_ x: [Value], _ weight: Value) -> [Value] {
            let hidden = activate(linear(x[0], weight: weight), .gelu)
            return [hidden, hidden + x[0]]
        }
        func gradients(_ recompute: Bool) -> [[Float]] {
            let x = Value(Tensor(randomValues(12, seed: 3), shape: [4, 3]), requiresGradient: true)
            let weight = Value(Tensor(randomValues(9, seed: 4), shape: [3, 3]), requiresGradient: true)
            let y =
                recompute ? recomputed([x], parameters: [weight]) { block($0, weight) } : block([x], weight)
            (y[0] + 2 * y[1]).backward()
            return [x.gradient?.values ?? [], weight.gradient?.values ?? []]
        }
        let (kept, again) = (gradients(false), gradients(true))
        #expect(kept[0].count == 12 && kept[1].count == 9)
        #expect(kept == again)
    }
}
