import Tensors
import Testing

@Suite struct MatrixProductTests {
    /// The definition, in double precision.
    private func reference(_ a: Tensor, _ opA: Transposition, _ b: Tensor, _ opB: Transposition) -> [Float] {
        let (m, n) = (opA == .plain ? a.rows : a.width, opB == .plain ? b.width : b.rows)
        let inner = opA == .plain ? a.width : a.rows
        return (0..<m * n).map { index in
            let (i, j) = (index / n, index % n)
            return Float(
                (0..<inner).reduce(0.0) { sum, k in
                    sum + Double(opA == .plain ? a[i, k] : a[k, i])
                        * Double(opB == .plain ? b[k, j] : b[j, k])
                })
        }
    }

    /// Small ones stay on one thread; 200 x 170 x 90 is above the threshold and is split by rows, its
    /// transpose by columns.
    @Test(arguments: [(3, 4, 5), (200, 170, 90), (170, 200, 90), (1, 3, 7)])
    func agreesWithTheDefinition(m: Int, n: Int, k: Int) {
        var random = CounterRandom(7, UInt64(m))
        func tensor(_ shape: [Int]) -> Tensor {
            Tensor((0..<shape[0] * shape[1]).map { _ in Float(random.normal()) }, shape: shape)
        }
        for opA in [Transposition.plain, .transposed] {
            for opB in [Transposition.plain, .transposed] {
                let a = tensor(opA == .plain ? [m, k] : [k, m])
                let b = tensor(opB == .plain ? [k, n] : [n, k])
                let c = Tensor(uninitialized: [m, n])
                multiply(a, opA, b, opB, into: c)
                let worst = zip(c.values, reference(a, opA, b, opB)).map { abs($0 - $1) }.max() ?? 1
                #expect(worst < 1e-4)
            }
        }
    }

    /// A few rows; those that a decoder has; as many as the matrix has, and more.
    @Test(arguments: [
        (1, 300, 70), (4, 2000, 896), (5, 50, 64), (6, 103, 301), (16, 2000, 896), (17, 300, 300),
        (40, 1003, 513), (130, 4100, 128),
        (256, 256, 64), (700, 300, 90),
    ])
    func aMatrixThatIsKeptInHalvesGivesTheBitsOfItsFloats(m: Int, n: Int, k: Int) {
        var random = CounterRandom(11, UInt64(m))
        func tensor(_ shape: [Int]) -> Tensor {
            Tensor((0..<shape[0] * shape[1]).map { _ in Float(random.normal()) }, shape: shape)
        }
        let (a, b) = (tensor([m, k]), HalfTensor(tensor([n, k])))
        let (found, expected) = (Tensor(uninitialized: [m, n]), Tensor(uninitialized: [m, n]))
        multiply(a, expanding: b, into: found)
        multiply(a, .plain, b.expanded(), .transposed, into: expected)
        let others = zip(found.values, expected.values).count { $0.bitPattern != $1.bitPattern }
        #expect(others == 0)
    }

    @Test func addsToWhatIsThere() {
        let a = Tensor([1, 2], shape: [1, 2])
        let c = Tensor([10], shape: [1, 1])
        multiply(a, .plain, a, .transposed, into: c, alpha: 2, beta: 1)  // 10 + 2 (1 + 4)
        #expect(c.values == [20])
    }
}

@Suite struct CounterRandomTests {
    @Test func dependsOnTheKeyAlone() {
        var a = CounterRandom(1, 2, 3)
        var b = CounterRandom(1, 2, 3)
        var c = CounterRandom(1, 3, 2)
        let first = (0..<4).map { _ in a.next() }
        #expect(first == (0..<4).map { _ in b.next() })
        #expect(first != (0..<4).map { _ in c.next() })
    }

    @Test func uniformAndNormalHaveTheirMoments() {
        var random = CounterRandom(5)
        let n = 20000
        let uniform = (0..<n).map { _ in random.uniform() }
        let normal = (0..<n).map { _ in random.normal() }
        // Standard errors: 0.29 / sqrt(n) = .002, 1 / sqrt(n) = .007 and sqrt(2 / n) = .01; five of each.
        #expect(abs(uniform.reduce(0, +) / Double(n) - 0.5) < 0.011)
        #expect(abs(normal.reduce(0, +) / Double(n)) < 0.036)
        #expect(abs(normal.reduce(0) { $0 + $1 * $1 } / Double(n) - 1) < 0.05)
        #expect(uniform.allSatisfy { $0 >= 0 && $0 < 1 })
    }
}
