import Files
import Models
import Tensors

/// Measurements of a student and a teacher of given shapes, with random weights and the tower's features as
/// input.
///
/// A process makes one measurement, because the peak of memory is the process's.
public struct ModelBench {
    public let shapes: BenchShapes
    public let precision: Precision

    public init(_ shapes: BenchShapes, precision: Precision) {
        (self.shapes, self.precision) = (shapes, precision)
    }

    var work: UsefulWork { UsefulWork(shapes) }

    /// Makes the student of the shapes, in the figure's precision.
    func makeStudent(trainable: Bool) throws -> LlavaModel {
        try shapes.student.makeModel(
            for: shapes, seed: 0, trainable: trainable ? [.projector, .language] : [],
            precision: precision.ofActivations)
    }

    func makeTeacher() throws -> LlavaModel {
        try shapes.teacher.makeModel(for: shapes, seed: 5, trainable: [], precision: precision)
    }

    /// Runs as the shapes ask for.
    func measure(_ body: () throws -> Void) rethrows -> Runs {
        try Runs(warmup: shapes.warmup, repeats: shapes.repeats, body)
    }

    /// Rate of large matrix products on all processors: the median of some 2048³.
    public static func productRate(_ precision: Precision) -> ProductRate {
        let side = 2048
        let (a, b, c) = (
            Tensor(uninitialized: [side, side]), Tensor(uninitialized: [side, side]),
            Tensor(uninitialized: [side, side])
        )
        for (seed, matrix) in [a, b].enumerated() {
            parallel(side, grain: 64) { rows in
                for row in rows {
                    var random = CounterRandom(UInt64(seed), UInt64(row))
                    for column in 0..<side { matrix[row, column] = Float(random.uniform() - 0.5) }
                }
            }
        }
        let (aHalf, bHalf) = (HalfTensor(a), HalfTensor(b))
        let runs = Runs(warmup: 2, repeats: 9) {
            switch precision {
            case .fp32: multiply(a, .plain, b, .transposed, into: c)
            // What an int8 teacher has in bf16 is most of a training's work.
            case .bf16, .int8: multiply(aHalf, .plain, bHalf, .transposed, into: c)
            }
        }
        let work = 2 * Double(side * side) * Double(side) / 1e9
        return ProductRate(
            gigaflops: work / runs.spread.median, perProcessor: work / Spread(runs.cpuSeconds).median)
    }
}
