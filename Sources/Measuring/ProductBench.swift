import Files
import Stage
import Tensors

/// Rates that matrix products, the libraries' and our own, reach on one processor at the sides models have.
public enum ProductBench {
    struct Sides {
        let rows, columns, inner: Int
        let a, b: Transposition

        var name: String {
            "\(rows)x\(columns)x\(inner)" + (a == .transposed ? " a transposed" : "")
                + (b == .transposed ? " b transposed" : "")
        }
    }

    /// Sides: large ones; a layer of T forward and backward; its head for a chunk and for sixteen sequences
    /// that decode; attention and a small student.
    static let sides: [Sides] = [
        Sides(rows: 1024, columns: 1024, inner: 1024, a: .plain, b: .plain),
        Sides(rows: 584, columns: 1408, inner: 512, a: .plain, b: .transposed),
        Sides(rows: 512, columns: 1408, inner: 584, a: .transposed, b: .plain),
        Sides(rows: 128, columns: 32000, inner: 512, a: .plain, b: .transposed),
        Sides(rows: 16, columns: 32000, inner: 512, a: .plain, b: .transposed),
        Sides(rows: 750, columns: 128, inner: 128, a: .plain, b: .transposed),
        Sides(rows: 750, columns: 64, inner: 64, a: .plain, b: .transposed),
        Sides(rows: 64, columns: 64, inner: 750, a: .transposed, b: .plain),
        Sides(rows: 64, columns: 64, inner: 64, a: .transposed, b: .plain),
        Sides(rows: 64, columns: 64, inner: 64, a: .plain, b: .transposed),
        Sides(rows: 64, columns: 64, inner: 32, a: .plain, b: .transposed),
        Sides(rows: 64, columns: 64, inner: 16, a: .plain, b: .transposed),
    ]

    /// Figures, one for each product and kernel. Every repeat runs all kernels in turn. Kernels that this
    /// processor lacks are left out.
    public static func products(repeats: Int) -> [Figure] {
        sides.flatMap { sides in
            let (a, b) = (
                factor(sides.a == .plain ? [sides.rows, sides.inner] : [sides.inner, sides.rows], seed: 1),
                factor(
                    sides.b == .plain ? [sides.inner, sides.columns] : [sides.columns, sides.inner], seed: 2)
            )
            let c = Tensor(uninitialized: [sides.rows, sides.columns])
            let operations = 2 * Double(sides.rows) * Double(sides.columns) * Double(sides.inner)
            let kernels = ProductKernel.allCases.filter { $0.multiply(a, sides.a, b, sides.b, into: c) }
            let calls = max(1, Int(1e9 / operations))  // some milliseconds a run
            var seconds = kernels.map { _ in [Double]() }
            for _ in 0..<max(3, repeats) {
                for (index, kernel) in kernels.enumerated() {
                    let start = ContinuousClock.now
                    for _ in 0..<calls { _ = kernel.multiply(a, sides.a, b, sides.b, into: c) }
                    seconds[index].append((ContinuousClock.now - start) / .seconds(1) / Double(calls))
                }
            }
            return zip(kernels, seconds).map { kernel, seconds in
                let spread = Spread(seconds)
                let chosen = ProductKernel.chosen(
                    rows: sides.rows, columns: sides.columns, inner: sides.inner,
                    alongRows: sides.a == .plain && sides.b == .transposed, precision: kernel.precision)
                return Figure(
                    "product", seconds: spread, cpuPerWall: nil,
                    facts: [
                        "sides": .string(sides.name), "kernel": .string(kernel.rawValue),
                        "gflops": .rounded(operations / spread.median / 1e9),
                        "most_gflops": .rounded(operations / spread.least / 1e9),
                        "chosen": .bool(kernel == chosen),
                    ])
            }
        }
    }

    private static func factor(_ shape: [Int], seed: UInt64) -> (floats: Tensor, halves: HalfTensor) {
        var random = CounterRandom(seed)
        let values = Tensor(
            (0..<shape[0] * shape[1]).map { _ in Float(random.uniform() - 0.5) }, shape: shape)
        return (values, HalfTensor(values))
    }
}
