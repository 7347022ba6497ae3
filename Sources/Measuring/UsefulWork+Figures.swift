extension UsefulWork {
    private var visualTokens: Int { shapes.batch * shapes.visual }
    private var responseRows: Int { shapes.batch * shapes.response }

    public var sft: Double {
        training(shapes.student, trunk, headRows: responseRows, visualTokens: visualTokens)
    }

    public var vanillaKD: Double {
        sft + forward(shapes.teacher, trunk, headRows: responseRows, visualTokens: visualTokens)
    }

    /// - Parameters:
    ///   - headRows: trunk rows that any term looks at
    ///   - candidates: positions of the candidates that were run: equal ones once, those equal to the ground
    ///     truth not at all
    ///   - cached: the teacher's outputs at visual rows are read
    public func alignTI(headRows: Int, candidates positions: [Int], cached: Bool = false) -> Double {
        let branches = Rows.candidates(at: positions)
        return training(shapes.student, trunk, headRows: headRows, visualTokens: visualTokens)
            + forward(
                shapes.teacher, trunk, headRows: cached ? min(headRows, responseRows) : headRows,
                visualTokens: visualTokens) + (cached ? 0 : saliency)
            + training(shapes.student, branches, headRows: branches.count)
            + forward(shapes.teacher, branches, headRows: branches.count)
    }

    public var teacherPlain: Double {
        forward(shapes.teacher, trunk, headRows: visualTokens + responseRows, visualTokens: visualTokens)
            + saliency
    }

    /// Trunk and `d` different candidates a position.
    public var teacherRibbon: Double {
        let positions = (0..<shapes.batch).flatMap { _ in
            (shapes.firstResponse..<shapes.length).flatMap { Array(repeating: $0, count: shapes.candidates) }
        }
        return teacherPlain - saliency
            + forward(shapes.teacher, .candidates(at: positions), headRows: positions.count)
    }

    /// Reading the prompts: the head at their last rows only.
    public func prefill(batch: Int) -> Double {
        forward(
            shapes.student, .causal(sequences: batch, length: shapes.firstResponse), headRows: batch,
            visualTokens: batch * shapes.visual)
    }

    /// Align-TI over vanilla KD at the sizes of the paper: a 7B teacher and a 0.5B student of Qwen2, 729
    /// visual tokens.
    ///
    /// - Parameter merged: share of candidates that cost nothing because they equal the ground truth
    public static func paperRatio(instruction: Int, response: Int, candidates: Int, merged: Double) -> Double
    {
        var shapes = BenchShapes()
        (shapes.batch, shapes.visual, shapes.visionWidth) = (1, 729, 1152)
        (shapes.instruction, shapes.response, shapes.candidates) = (instruction, response, candidates)
        shapes.student = .qwen2(hidden: 896, layers: 24, heads: 14, keyHeads: 2, intermediate: 4864)
        shapes.teacher = .qwen2(hidden: 3584, layers: 28, heads: 28, keyHeads: 4, intermediate: 18944)
        let work = UsefulWork(shapes)
        let run = Int((Double(response * candidates) * (1 - merged)).rounded())
        let positions = (0..<run).map { shapes.firstResponse + $0 * response / max(1, run) }
        return work.alignTI(headRows: shapes.visual + response, candidates: positions) / work.vanillaKD
    }
}

extension BenchShapes.Language {
    /// A model of Qwen2's vocabulary.
    static func qwen2(hidden: Int, layers: Int, heads: Int, keyHeads: Int, intermediate: Int) -> Self {
        var model = BenchShapes.Language()
        (model.hidden, model.layers, model.heads) = (hidden, layers, heads)
        (model.keyHeads, model.intermediate, model.vocabulary) = (keyHeads, intermediate, 151_936)
        return model
    }
}
