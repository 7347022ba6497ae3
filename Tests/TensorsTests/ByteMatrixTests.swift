import Foundation
import Tensors
import Testing

/// Numbers in 8 bits and products of them.
@Suite struct ByteMatrixTests {
    private static let hasInt8 = Precision.int8.supported == .int8

    /// Hadamard's matrix in blocks of the largest power of two in the width, at most 512, by its definition:
    /// the sign of two columns is the parity of the bits that they share.
    private func mixed(_ x: Tensor) -> Tensor {
        let block = min(512, x.width & -x.width)
        let result = Tensor(zeros: [x.rows, x.width])
        for row in 0..<x.rows {
            for column in 0..<x.width {
                let first = column / block * block
                let sum = (first..<first + block).reduce(Double(0)) { sum, other in
                    let sign: Double = (other & column % block).nonzeroBitCount % 2 == 0 ? 1 : -1
                    return sum + sign * Double(x[row, other])
                }
                result[row, column] = Float(sum / Double(block).squareRoot())
            }
        }
        return result
    }

    /// Rows that whole numbers from -100 to 100 and one of 127 are mixed to: rounding changes none of them.
    private func exact(_ rows: Int, _ width: Int, seed: UInt64) -> Tensor {
        var random = CounterRandom(seed)
        let tensor = Tensor(uninitialized: [rows, width])
        for index in 0..<rows * width { tensor.pointer[index] = Float(Int(random.uniform() * 201) - 100) }
        for row in 0..<rows { tensor[row, row % width] = row % 2 == 0 ? 127 : -127 }
        return mixed(tensor)
    }

    private func difference(_ a: Tensor, _ b: Tensor) -> Double {
        zip(a.values, b.values).reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }.squareRoot()
    }

    private func size(_ a: Tensor) -> Double { difference(a, Tensor(zeros: a.shape)) }

    @Test(arguments: [1, 2, 6, 8, 16, 48, 576, 1024, 1536])
    func aMixedRowIsRoundedByItsLargest(width: Int) {
        let x = exact(5, width, seed: 7)
        for column in 0..<width { x[1, column] *= 1e-3 }
        for column in 0..<width { x[2, column] = 0 }
        x[3, width / 2] += 40.3
        let (back, expected) = (mixed(ByteMatrix(x).expanded()), mixed(x))
        for row in 0..<5 {
            let most = (0..<width).map { abs(expected[row, $0]) }.max() ?? 0
            for column in 0..<width {
                #expect(
                    abs(back[row, column] - expected[row, column]) <= most * (row == 3 ? 1 / 253 : 2e-6),
                    "\(row) \(column)")
            }
        }
        #expect(back.rows(2..<3).values.allSatisfy { $0 == 0 })
    }

    @Test func rowsAreTheSameHoweverTheyCome() {
        let x = exact(6, 96, seed: 8)
        let back = ByteMatrix(x).expanded()
        #expect(
            ByteMatrix(HalfTensor(x)).expanded().values
                == ByteMatrix(HalfTensor(x).expanded()).expanded().values)
        #expect(
            ByteMatrix(x).gatheringRows([1, 0, 1]).values
                == [1, 0, 1].flatMap { back.rows($0..<$0 + 1).values })
    }

    @Test(
        .enabled(if: hasInt8),
        arguments: [(1, 3, 7), (5, 40, 130), (64, 96, 200), (200, 33, 576), (33, 1100, 64), (9, 20, 1536)])
    func productsOfWhatRoundingLeavesAreExact(m: Int, n: Int, k: Int) {
        let (x, w) = (exact(m, k, seed: 1), exact(n, k, seed: 2))
        let (c, expected) = (Tensor(uninitialized: [m, n]), Tensor(uninitialized: [m, n]))
        multiply(x, .plain, w, .transposed, into: expected)
        multiply(ByteMatrix(x), transposed: ByteMatrix(w), into: c)
        // Sums of up to ten million.
        #expect(zip(c.values, expected.values).allSatisfy { abs($0 - $1) <= abs($1) * 1e-6 + 1 })
        #expect(difference(c, expected) <= 1e-6 * size(expected))
    }

    /// An element a hundred times larger than its row would leave the others a bit or two.
    @Test(.enabled(if: hasInt8)) func outliersTakeTheirRowNoBits() {
        let (x, w) = (Tensor(uninitialized: [40, 512]), Tensor(uninitialized: [72, 512]))
        var random = CounterRandom(3)
        for tensor in [x, w] {
            for index in 0..<tensor.count { tensor.pointer[index] = Float(200 * random.uniform() - 100) }
        }
        for row in 0..<40 { x[row, 17] = row % 2 == 0 ? 6_000 : -5_000 }
        // What the other elements give, beside a weight of nothing.
        for row in 0..<72 { w[row, 17] = 0 }
        let (c, expected) = (Tensor(uninitialized: [40, 72]), Tensor(uninitialized: [40, 72]))
        multiply(x, .plain, w, .transposed, into: expected)
        multiply(ByteMatrix(x), transposed: ByteMatrix(w), into: c)
        #expect(difference(c, expected) <= 0.05 * size(expected))
        let alone = Tensor(uninitialized: [1, 72])
        for row in [0, 5, 7] {
            multiply(ByteMatrix(x.rows(row..<row + 1)), transposed: ByteMatrix(w), into: alone)
            #expect(alone.values == c.rows(row..<row + 1).values)
        }
    }

    @Test(.enabled(if: hasInt8)) func whatIsNoNumberStaysNone() {
        let x = exact(3, 64, seed: 5)
        x[1, 40] = .nan
        x[2, 3] = .infinity
        let c = Tensor(uninitialized: [3, 8])
        multiply(ByteMatrix(x), transposed: ByteMatrix(exact(8, 64, seed: 6)), into: c)
        #expect(c.values[..<8].allSatisfy(\.isFinite) && c.values[8...].allSatisfy(\.isNaN))
    }
}
