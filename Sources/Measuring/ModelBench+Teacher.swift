import Autograd
import Distillation
import Files
import Models
import TeacherStore
import Tensors

extension ModelBench {
    /// IDs a position that the cache keeps.
    private var idsKept: Int { min(64, shapes.teacher.vocabulary) }
    /// Samples of the estimate: the paper's second stage.
    private static let estimatedSamples = 2_400_000.0

    var cacheSettings: TeacherOutputSettings {
        TeacherOutputSettings(
            topK: idsKept, commonVocabulary: shapes.teacher.vocabulary, saliencyLayer: shapes.saliencyLayer)
    }

    /// What a cache holds of the batch.
    func cachedSamples(_ outputs: TeacherOutputs, _ batch: AlignmentBatch) throws -> [CachedSample] {
        let (hidden, alphas) = try outputs.pass(batch, cacheSettings)
        let targets = outputs.targets(hidden: hidden, rows: lossRows(batch), cacheSettings, streams: [])
        let perSample = shapes.visual + shapes.response
        return alphas.enumerated().map { index, alpha in
            let own = targets[index * perSample..<(index + 1) * perSample]
            return CachedSample(
                saliency: alpha, visual: Array(own.prefix(shapes.visual)),
                response: Array(own.suffix(shapes.response)))
        }
    }

    /// Filling the cache with the batch: teacher pass, alpha of one layer, the most probable ids at visual
    /// and response rows, encoding.
    public func teacherPlain() throws -> Figure {
        let outputs = TeacherOutputs(try makeTeacher())
        let batch = shapes.makeBatch()
        let settings = cacheSettings
        var parts: [[Double]] = []
        var (raw, stored, positions) = (0, 0, 0)
        let runs = try measure {
            let start = ContinuousClock.now
            let (hidden, alphas) = try outputs.pass(batch, settings)
            let passed = ContinuousClock.now
            let targets = outputs.targets(hidden: hidden, rows: lossRows(batch), settings, streams: [])
            let selected = ContinuousClock.now
            var made = CachedShard(settings)
            let perSample = shapes.visual + shapes.response
            for sample in 0..<shapes.batch {
                let own = targets[sample * perSample..<(sample + 1) * perSample]
                made.addSample(
                    visualGroup: made.addVisualGroup(Array(own.prefix(shapes.visual))),
                    saliency: alphas[sample], response: Array(own.suffix(shapes.response)))
            }
            stored = try made.writer(metadata: [:]).serialized(compression: .zstandard(level: 3)).count
            (raw, positions) = (made.stateBytes, made.positions)
            parts.append(
                [passed - start, selected - passed, ContinuousClock.now - selected].map { $0 / .seconds(1) })
        }
        parts.removeFirst(shapes.warmup)
        func part(_ index: Int) -> JSONValue { .rounded(Spread(parts.map { $0[index] }).median) }
        let samples = Double(shapes.batch)
        let share = Double(stored) / Double(max(1, raw))
        var facts: JSONObject = [
            "samples_per_second": .rounded(samples / runs.spread.median),
            "useful_gflop": .rounded(work.teacherPlain / 1e9),
            "pass_seconds": part(0), "head_and_selection_seconds": part(1), "encoding_seconds": part(2),
            "ids_per_position": .int(idsKept),
            "raw_bytes_per_position": .rounded(Double(raw) / Double(max(1, positions))),
            "stored_bytes_per_position": .rounded(Double(stored) / Double(max(1, positions))),
            "raw_bytes_per_sample": .rounded(Double(raw) / samples),
            "stored_bytes_per_sample": .rounded(Double(stored) / samples),
        ]
        estimate(share: share, secondsPerSample: runs.spread.median / samples, into: &facts)
        return Figure("teacher_plain", runs, facts: facts)
    }

    /// What 2.4 million samples of 729 visual tokens take: bytes by the format's own count, hours at this
    /// teacher's pace.
    private func estimate(share: Double, secondsPerSample: Double, into facts: inout JSONObject) {
        let settings = TeacherOutputSettings(topK: 64, commonVocabulary: 151_936, saliencyLayer: 0)
        let positions = Double(729 + shapes.response)
        let raw =
            Self.estimatedSamples
            * (positions * StoreEstimate.bytesPerPosition(settings) + 2 * 729)
        facts["estimate_raw_gb"] = .rounded(raw / 1e9)
        facts["estimate_stored_gb"] = .rounded(raw * share / 1e9)
        guard shapes.visual == 729 else { return }
        facts["estimate_hours_of_this_teacher"] = .rounded(Self.estimatedSamples * secondsPerSample / 3600)
    }

    /// Rows whose distribution a cache keeps: sample by sample the visual ones, then those that predict the
    /// response.
    private func lossRows(_ batch: AlignmentBatch) -> [Int32] {
        zip(batch.samples, batch.starts).flatMap { sample, start in
            ((sample.visual ?? 0..<0).map { $0 } + sample.responsePositions.map { $0 - 1 }).map {
                Int32(start + $0)
            }
        }
    }

    /// Teacher over trunk and candidates, `d` different ones a position, with the normaliser of every row a
    /// loss needs.
    public func teacherRibbon() throws -> Figure {
        let teacher = try makeTeacher()
        let batch = shapes.makeBatch()
        let (d, first, length) = (shapes.candidates, shapes.firstResponse, shapes.length)
        let ids = ZipfIDs(vocabulary: shapes.teacher.vocabulary)
        var random = CounterRandom(3)
        let perSample = shapes.response * d
        let candidates = (0..<shapes.batch * perSample).map { _ in ids.draw(&random) }
        let visible = (first..<length).flatMap { Array(repeating: Int32($0), count: d) }
        let segments = (0..<shapes.batch).map { sample in
            AttentionLayout.Segment(
                queries: sample * perSample..<(sample + 1) * perSample,
                keys: sample * length..<(sample + 1) * length, visible: visible, seesItself: true)
        }
        let layout = AttentionLayout(segments)
        let positions = (0..<shapes.batch).flatMap { _ in visible }
        let runs = try measure {
            let trunk = teacher.language.forward(
                try batch.embeddings(teacher), positions: batch.positions, layout: batch.layout)
            let branch = teacher.language.forward(
                teacher.language.embed(candidates), positions: positions, layout: layout, trunk: trunk.layers)
            for (output, rows) in [
                (trunk, lossRows(batch)), (branch, candidates.indices.map { Int32($0) }),
            ] {
                _ = topTargets(
                    hidden: output.hidden.data, head: teacher.language.head, rows: rows, topK: 1,
                    common: shapes.teacher.vocabulary)
            }
        }
        return Figure(
            "teacher_ribbon", runs,
            facts: [
                "useful_gflop": .rounded(work.teacherRibbon / 1e9),
                "samples_per_second": .rounded(Double(shapes.batch) / runs.spread.median),
            ])
    }
}
