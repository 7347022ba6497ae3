import Foundation
import Tensors
import Testing

/// Products of a few rows, whose pieces are taken by threads that wait for them.
@Suite struct ShortWorkTests {
    private func tensor(_ rows: Int, _ width: Int, seed: UInt64) -> Tensor {
        var random = CounterRandom(seed)
        return Tensor((0..<rows * width).map { _ in Float(random.normal()) }, shape: [rows, width])
    }

    /// In double precision, each sum by itself.
    private func expected(_ x: Tensor, _ w: Tensor) -> [Double] {
        (0..<x.rows).flatMap { row in
            (0..<w.rows).map { column in
                (0..<w.width).reduce(0.0) { $0 + Double(x[row, $1]) * Double(w[column, $1]) }
            }
        }
    }

    private func product(_ x: Tensor, _ w: HalfTensor) -> Tensor {
        let y = Tensor(uninitialized: [x.rows, w.rows])
        multiply(x, transposed: w, into: y)
        return y
    }

    @Test(arguments: [(1, 1000, 333), (4, 20_011, 208), (3, 17, 9000), (1, 200_000, 1)])
    func theyAreWhatTheyAreAlone(rows: Int, columns: Int, inner: Int) {
        let x = tensor(rows, inner, seed: 1)
        let w = HalfTensor(tensor(columns, inner, seed: 2))
        let scale = Double(inner).squareRoot()
        for (value, sum) in zip(product(x, w).values, expected(x, w.expanded())) {
            #expect(abs(Double(value) - sum) <= 1e-5 * scale)
        }
        let (floats, y) = (w.expanded(), Tensor(uninitialized: [rows, columns]))
        multiply(x, .plain, floats, .transposed, into: y)
        for (value, sum) in zip(y.values, expected(x, floats)) {
            #expect(abs(Double(value) - sum) <= 1e-5 * scale)
        }
    }

    /// Callers that find the threads taken, threads that sleep meanwhile, pieces within pieces.
    @Test func callersSideBySideGetTheirOwnResults() {
        let products = (0..<6).map { index in
            let (x, w) = (
                tensor(1 + index % 4, 300, seed: UInt64(index)),
                HalfTensor(tensor(700 + 16 * index, 300, seed: UInt64(100 + index)))
            )
            return (x: x, w: w, alone: product(x, w).values)
        }
        for round in 0..<60 {
            if round % 10 == 0 { Thread.sleep(forTimeInterval: 0.003) }
            let wrong = parallelMap(products.count) { index in
                (0..<20).reduce(0) { count, _ in
                    count
                        + (product(products[index].x, products[index].w).values == products[index].alone
                            ? 0 : 1)
                }
            }
            #expect(wrong.allSatisfy { $0 == 0 })
        }
    }
}
