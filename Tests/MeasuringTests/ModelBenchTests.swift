import Files
import Measuring
import Models
import Shards
import Tensors
import Testing

@Suite struct ModelBenchTests {
    private func shapes() -> BenchShapes {
        var model = BenchShapes.Language()
        (model.hidden, model.layers, model.heads, model.keyHeads) = (96, 2, 2, 1)
        (model.intermediate, model.vocabulary, model.tied) = (192, 64, true)
        var shapes = BenchShapes()
        shapes.name = "tiny"
        (shapes.batch, shapes.visual, shapes.instruction, shapes.response) = (2, 4, 2, 3)
        (shapes.candidates, shapes.visionWidth, shapes.saliencyLayer) = (2, 8, 1)
        (shapes.student, shapes.teacher) = (model, model)
        (shapes.repeats, shapes.warmup, shapes.decodedTokens, shapes.decodeBatches) = (2, 0, 4, [1, 2])
        return shapes
    }

    @Test func theBatchIsAsTheShapesSay() {
        let batch = shapes().makeBatch()
        #expect(batch.rows == 2 * 9)
        #expect(batch.supervisedTokens == 2 * 3)
        for sample in batch.samples {
            #expect(sample.visual == 0..<4)
            #expect(sample.instruction == [4, 5])
            #expect(sample.labels[..<6].allSatisfy { $0 == ShardFormat.ignoreIndex })
            #expect(sample.labels[6...].elementsEqual(sample.inputIDs[6...]))
        }
    }

    @Test func aStudentThatWasFittedProposesTheGroundTruthMoreOften() throws {
        let bench = ModelBench(shapes(), precision: .fp32)
        func equalTruth(_ figure: Figure) -> Double { figure.line["candidates_equal_truth"]?.double ?? -1 }
        let random = try bench.training(.alignTI)
        let peaked = try bench.training(.alignTI, candidates: .peaked(probability: 0.6))
        #expect(equalTruth(random) >= 0 && equalTruth(random) < 0.4)
        #expect(equalTruth(peaked) > 0.4)
        #expect((peaked.line["fitting_steps"]?.double ?? 0) > 0)
        #expect((peaked.line["useful_gflop"]?.double ?? 0) < (random.line["useful_gflop"]?.double ?? 0))
        let cached = try bench.training(.alignTI, candidates: .peaked(probability: 0.6), cached: true)
        #expect(cached.name == "align_ti_peaked_cached")
        #expect((cached.line["useful_gflop"]?.double ?? 0) < (peaked.line["useful_gflop"]?.double ?? 0))
    }

    @Test func everyModelFigureHasTimeWorkAndMemory() throws {
        let bench = ModelBench(shapes(), precision: .fp32)
        for figure in [
            try bench.training(.sft), try bench.training(.vanillaKD), try bench.teacherPlain(),
            try bench.teacherRibbon(), try bench.decoding(batch: 2),
        ] {
            for key in ["seconds", "least_seconds", "most_seconds", "cpu_per_wall", "peak_mb"] {
                #expect(figure.line[key]?.double != nil, "\(figure.name) \(key)")
            }
        }
    }

    /// One kernel of a precision is the one that models use.
    @Test func productsAreMeasuredWithEveryKernelOfThisProcessor() {
        let figures = ProductBench.products(repeats: 1)
        func text(_ figure: Figure, _ key: String) -> String {
            if case .string(let text) = figure.line[key] { text } else { "" }
        }
        let kernels = ProductKernel.allCases.filter(\.isHere)
        let products = Dictionary(grouping: figures) { text($0, "sides") }
        #expect(products.count > 5)
        for (sides, figures) in products {
            let isOfRows = sides.hasSuffix("b transposed") && !sides.contains("a transposed")
            let expected = kernels.filter { isOfRows || ![.rows, .rowsHalf].contains($0) }
            #expect(figures.map { text($0, "kernel") } == expected.map(\.rawValue))
            #expect(figures.count { $0.line["chosen"] == .bool(true) } == Set(kernels.map(\.precision)).count)
            #expect(figures.allSatisfy { ($0.line["gflops"]?.double ?? 0) > 0 })
        }
    }

    /// Repeated layers are run like any others, but their weights are there once.
    @Test func aDeepTeacherOfFewWeights() throws {
        var shapes = shapes()
        (shapes.teacher.layers, shapes.teacher.distinctLayers) = (5, 2)
        let teacher = try shapes.teacher.makeModel(for: shapes, seed: 5, trainable: [])
        let weights = teacher.parameters(of: [.language]).filter { $0.name.hasSuffix("up_proj.weight") }
        #expect(weights.count == 5)
        #expect(weights[0].value === weights[2].value && weights[2].value === weights[4].value)
        #expect(weights[1].value === weights[3].value && weights[0].value !== weights[1].value)
        let batch = shapes.makeBatch()
        let output = teacher.language.forward(
            teacher.language.embed(batch.ids.map { max(0, $0) }), positions: batch.positions,
            layout: batch.layout)
        #expect(output.layers.count == 5)
        #expect(output.layers[0].keys.data.values != output.layers[2].keys.data.values)
    }

    @Test func idsFollowZipfsLaw() {
        let ids = ZipfIDs(vocabulary: 1000)
        var random = CounterRandom(1)
        var counts = [Int](repeating: 0, count: 1000)
        for _ in 0..<20_000 { counts[Int(ids.draw(&random))] += 1 }
        // p(0) / p(9) = 12.7 / 3.7 = 3.4
        let ratio = Double(counts[0]) / Double(max(1, counts[9]))
        #expect(ratio > 2.5 && ratio < 4.5)
        #expect(counts[..<100].reduce(0, +) > counts[100...].reduce(0, +))
    }

    @Test func roundedKeepsFourDigits() {
        #expect(JSONValue.rounded(123_456.7) == .number(123_457))
        #expect(JSONValue.rounded(0.012_345_6) == .number(0.012_35))
    }
}
