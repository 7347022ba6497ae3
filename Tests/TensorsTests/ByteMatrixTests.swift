import Foundation
import Tensors
import Testing

/// Numbers in 8 bits and products of them.
@Suite struct ByteMatrixTests {
    private static let hasInt8 = Precision.int8.supported == .int8

    /// Whole numbers from -100 to 100 and one of 127 in every row: rounding changes none of them.
    private func exact(_ rows: Int, _ width: Int, seed: UInt64) -> Tensor {
        var random = CounterRandom(seed)
        let tensor = Tensor(uninitialized: [rows, width])
        for index in 0..<rows * width { tensor.pointer[index] = Float(Int(random.uniform() * 201) - 100) }
        for row in 0..<rows { tensor[row, row % width] = row % 2 == 0 ? 127 : -127 }
        return tensor
    }

    @Test func theLargestOfARowDecidesHowFineItIs() {
        let x = Tensor([1, -2, 0.5, 0.003, 1e-3, 5e-4, 0, -2e-4, 0, 0, 0, 0], shape: [3, 4])
        let back = ByteMatrix(x).expanded().values
        for (row, most) in [(0, Float(2)), (1, 1e-3), (2, 0)] {
            for column in 0..<4 {
                let (value, rounded) = (x[row, column], back[row * 4 + column])
                #expect(abs(value - rounded) <= most / 254 * 1.0001, "\(row) \(column)")
            }
        }
        #expect(back[1] == -2 && back[8...].allSatisfy { $0 == 0 })
        #expect(
            ByteMatrix(HalfTensor(x)).expanded().values
                == ByteMatrix(HalfTensor(x).expanded()).expanded().values)
        #expect(
            ByteMatrix(x).gatheringRows([1, 0, 1]).values == Array(back[4..<8] + back[..<4] + back[4..<8]))
    }

    @Test(
        .enabled(if: hasInt8),
        arguments: [(1, 3, 7), (5, 40, 130), (64, 96, 200), (200, 33, 576), (33, 1100, 64)])
    func productsOfWhatRoundingLeavesAreExact(m: Int, n: Int, k: Int) {
        let (x, w) = (exact(m, k, seed: 1), exact(n, k, seed: 2))
        let (c, expected) = (Tensor(uninitialized: [m, n]), Tensor(uninitialized: [m, n]))
        multiply(x, .plain, w, .transposed, into: expected)
        multiply(ByteRows(x), transposed: ByteMatrix(w), into: c)
        #expect((zip(c.values, expected.values).map { abs($0 - $1) }.max() ?? 1) <= 1)
        // Sums of up to ten million, scaled by a number that is 1 but for a rounding.
        #expect(zip(c.values, expected.values).allSatisfy { abs($0 - $1) <= abs($1) * 3e-7 })
    }

    /// An element a hundred times larger than its row would leave the others a bit or two.
    @Test(.enabled(if: hasInt8)) func outliersTakeTheirRowNoBits() {
        let (x, w) = (exact(40, 256, seed: 3), exact(72, 256, seed: 4))
        for row in stride(from: 0, to: 40, by: 3) { x[row, 17] = row % 2 == 0 ? 16_384 : -8_192 }
        x[5, 200] = 4_096
        let (c, expected) = (Tensor(uninitialized: [40, 72]), Tensor(uninitialized: [40, 72]))
        multiply(x, .plain, w, .transposed, into: expected)
        multiply(ByteRows(x), transposed: ByteMatrix(w), into: c)
        #expect(zip(c.values, expected.values).allSatisfy { abs($0 - $1) <= max(1, abs($1) * 1e-6) })
        // A row comes out the same beside others.
        let alone = Tensor(uninitialized: [1, 72])
        for row in [0, 5, 7] {
            multiply(ByteRows(x.rows(row..<row + 1)), transposed: ByteMatrix(w), into: alone)
            #expect(alone.values == c.rows(row..<row + 1).values)
        }
    }

    @Test(.enabled(if: hasInt8)) func whatIsNoNumberStaysNone() {
        let x = exact(3, 64, seed: 5)
        x[1, 40] = .nan
        x[2, 3] = .infinity
        let c = Tensor(uninitialized: [3, 8])
        multiply(ByteRows(x), transposed: ByteMatrix(exact(8, 64, seed: 6)), into: c)
        #expect(c.values[..<8].allSatisfy(\.isFinite) && c.values[8...].allSatisfy(\.isNaN))
    }
}
