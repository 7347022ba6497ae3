import Foundation
import Tensors
import Testing

@Suite struct HalfTensorTests {
    @Test func roundsToNearestWithTiesToEven() {
        // 1 + 2^-8 lies between two neighbours and goes to the even one; so does 1 + 3 * 2^-8.
        let x = Tensor(
            [1, 1.00390625, 1.01171875, -1.5, 0, 3.0e38, .infinity, 65_504, Float(bitPattern: 0x0001_2345)],
            shape: [9])
        let half = HalfTensor(x)
        #expect(
            Array(UnsafeBufferPointer(start: half.pointer, count: 5)) == [0x3f80, 0x3f80, 0x3f82, 0xbfc0, 0])
        let back = half.expanded().values
        #expect(back[6] == .infinity && back[7] == 65_536 && back[8].bitPattern == 0x0001_0000)
        #expect(HalfTensor(Tensor([.nan, -.nan], shape: [2])).expanded().values.allSatisfy { $0.isNaN })
        for (value, rounded) in zip(x.values.prefix(6), back) {
            #expect(abs(value - rounded) <= abs(value) / 256)
        }
    }

    @Test func rowsComeInFloat32() {
        let half = HalfTensor(Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2]))
        #expect(half.gatheringRows([2, 0, 2]).values == [5, 6, 1, 2, 5, 6])
        half.update(from: Tensor([6, 5, 4, 3, 2, 1], shape: [3, 2]))
        #expect(half.expanded().values == [6, 5, 4, 3, 2, 1])
    }

    /// A product in bf16 is the float32 product of the rounded factors, but for the order of its sums.
    @Test(arguments: [
        (3, 4, 5), (200, 170, 90), (170, 200, 90), (1, 3, 7), (65, 33, 129),
        // More than one block of rows, of columns and of the inner side in our own kernel; more than its
        // stack holds.
        (100, 1100, 37), (200, 70, 520), (97, 65, 257), (130, 600, 101), (5, 700, 1000), (40, 33, 1100),
    ])
    func productsAreThoseOfTheRoundedFactors(m: Int, n: Int, k: Int) {
        var random = CounterRandom(7, UInt64(m))
        func tensor(_ shape: [Int]) -> Tensor {
            Tensor((0..<shape[0] * shape[1]).map { _ in Float(random.normal()) }, shape: shape)
        }
        for opA in [Transposition.plain, .transposed] {
            for opB in [Transposition.plain, .transposed] {
                let a = HalfTensor(tensor(opA == .plain ? [m, k] : [k, m]))
                let b = HalfTensor(tensor(opB == .plain ? [k, n] : [n, k]))
                let (c, expected) = (tensor([m, n]), Tensor(uninitialized: [m, n]))
                multiply(a.expanded(), opA, b.expanded(), opB, into: expected)
                expected.add(c)
                multiply(a, opA, b, opB, into: c, beta: 1)
                #expect((zip(c.values, expected.values).map { abs($0 - $1) }.max() ?? 1) < 1e-4)
            }
        }
    }

    /// Whichever kernel a machine would take for other sides computes the same.
    @Test(arguments: [
        (1, 1, 1), (16, 16, 32), (31, 17, 33), (32, 64, 64), (70, 48, 2000), (3, 1030, 40), (6, 67, 300),
    ])
    func everyKernelComputesTheSame(m: Int, n: Int, k: Int) {
        var random = CounterRandom(13, UInt64(m))
        for (opA, opB) in [(.plain, .plain), (.plain, .transposed), (.transposed, .plain)]
            as [(Transposition, Transposition)]
        {
            let factors = [opA == .plain ? [m, k] : [k, m], opB == .plain ? [k, n] : [n, k]].map { shape in
                let half = HalfTensor(
                    Tensor((0..<shape[0] * shape[1]).map { _ in Float(random.normal()) }, shape: shape))
                return (floats: half.expanded(), halves: half)
            }
            let expected = Tensor(uninitialized: [m, n])
            multiply(factors[0].floats, opA, factors[1].floats, opB, into: expected)
            for kernel in ProductKernel.allCases {
                let c = Tensor([Float](repeating: .nan, count: m * n), shape: [m, n])
                guard kernel.multiply(factors[0], opA, factors[1], opB, into: c) else { continue }
                let most = zip(c.values, expected.values).map { abs($0 - $1) }.max() ?? .nan
                #expect(most < 1e-3, "\(kernel)")
            }
        }
    }

    /// One and more blocks of the inner side, odd and even, and ends of panels and tiles.
    @Test(
        .enabled(if: Precision.bf16.supported == .bf16, "a processor with bf16"),
        arguments: [
            (1, 1, 1), (7, 600, 91), (130, 1003, 64), (33, 37, 2050), (16, 300, 4099), (64, 64, 2048),
            (8, 2700, 1030),
        ])
    func aPackedMatrixMultipliesAsOneThatIsNot(m: Int, n: Int, k: Int) throws {
        var random = CounterRandom(17, UInt64(m))
        func half(_ shape: [Int]) -> HalfTensor {
            HalfTensor(
                Tensor((0..<shape[0] * shape[1]).map { _ in Float(random.normal()) }, shape: shape))
        }
        for op in [Transposition.plain, .transposed] {
            let (a, b) = (half([m, k]), half(op == .plain ? [k, n] : [n, k]))
            let expected = Tensor(uninitialized: [m, n])
            multiply(a.expanded(), .plain, b.expanded(), op, into: expected)
            let c = Tensor([Float](repeating: .nan, count: m * n), shape: [m, n])
            multiply(a, try #require(PackedMatrix(b, op)), into: c)
            #expect((zip(c.values, expected.values).map { abs($0 - $1) }.max() ?? .nan) < 1e-3)
        }
    }

    /// Few rows by a matrix that is read where it lies, and the first number that is too many; some sides are
    /// cut for several processors.
    @Test(arguments: [5, 6, 16, 17, 33, 64, 65], [(2000, 301), (67, 256)])
    func someRowsByAMatrix(rows: Int, sides: (columns: Int, inner: Int)) {
        let (n, k) = sides
        var random = CounterRandom(19, UInt64(rows))
        func half(_ shape: [Int]) -> HalfTensor {
            HalfTensor(
                Tensor((0..<shape[0] * shape[1]).map { _ in Float(random.normal()) }, shape: shape))
        }
        // Rows lie further apart than they are long.
        let (wideA, wideB) = (half([rows, k + 5]), half([n, k + 3]))
        let (wholeA, wholeB) = (wideA.expanded(), wideB.expanded())
        let expected = (0..<rows * n).map { index in
            (0..<k).reduce(0.0) { $0 + Double(wholeA[index / n, $1]) * Double(wholeB[index % n, $1]) }
        }
        func worst(_ c: Tensor) -> Double {
            (0..<rows * n).map { abs(Double(c[$0 / n, $0 % n]) - expected[$0]) }.max() ?? .nan
        }
        let parts = [Tensor(zeros: [rows, n + 7]), Tensor(zeros: [rows, n + 7])]
        let views = parts.map { MatrixView($0.pointer, rows: rows, columns: n, stride: n + 7) }
        if Precision.bf16.supported == .bf16 {
            multiply(
                MatrixView(wideA.pointer, rows: rows, columns: k, stride: k + 5), .plain,
                MatrixView(wideB.pointer, rows: n, columns: k, stride: k + 3), .transposed, into: views[0])
            #expect(worst(parts[0]) < 1e-3)
        }
        multiply(
            MatrixView(wholeA.pointer, rows: rows, columns: k, stride: k + 5), .plain,
            MatrixView(wholeB.pointer, rows: n, columns: k, stride: k + 3), .transposed, into: views[1])
        #expect(worst(parts[1]) < 1e-3)
        for part in parts {
            #expect((0..<rows).allSatisfy { row in (n..<n + 7).allSatisfy { part[row, $0] == 0 } })
        }

        func dense(_ x: Tensor, _ count: Int) -> Tensor {
            Tensor((0..<count * k).map { x[$0 / k, $0 % k] }, shape: [count, k])
        }
        let (a, b) = (dense(wholeA, rows), dense(wholeB, n))
        let (floats, halves) = (Tensor(uninitialized: [rows, n]), Tensor(uninitialized: [rows, n]))
        multiply(a, .plain, b, .transposed, into: floats)
        multiply(HalfTensor(a), .plain, HalfTensor(b), .transposed, into: halves)
        #expect(worst(floats) < 1e-3)
        #expect(worst(halves) < 1e-3)
    }

    @Test func nothingToMultiplyIsNotPacked() {
        #expect(PackedMatrix(HalfTensor(uninitialized: [0, 8])) == nil)
        #expect(PackedMatrix(HalfTensor(uninitialized: [8, 0]), .transposed) == nil)
    }

    /// Up to four rows are multiplied unrounded, which no product of more rows does.
    @Test(arguments: [1, 2, 3, 4, 5, 9]) func rowsByAMatrixInBF16(rows: Int) {
        var random = CounterRandom(11, UInt64(rows))
        func tensor(_ shape: [Int]) -> Tensor {
            Tensor((0..<shape[0] * shape[1]).map { _ in Float(random.normal()) }, shape: shape)
        }
        let (x, w) = (tensor([rows, 130]), HalfTensor(tensor([77, 130])))
        let (y, expected) = (Tensor(uninitialized: [rows, 77]), Tensor(uninitialized: [rows, 77]))
        multiply(x, transposed: w, into: y)
        let rounded = rows <= 4 ? x : HalfTensor(x).expanded()
        multiply(rounded, .plain, w.expanded(), .transposed, into: expected)
        #expect((zip(y.values, expected.values).map { abs($0 - $1) }.max() ?? 1) < 1e-4)
    }
}
