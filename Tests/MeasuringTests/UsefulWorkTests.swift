import Measuring
import Testing

@Suite struct UsefulWorkTests {
    /// One sample of 4 visual, 1 instruction and 2 response tokens (7 rows); features of 3; hidden 4 in 2
    /// heads of 2 with 1 key head.
    private func shapes() -> BenchShapes {
        var model = BenchShapes.Language()
        (model.hidden, model.layers, model.heads, model.keyHeads) = (4, 1, 2, 1)
        (model.intermediate, model.vocabulary) = (8, 10)
        var shapes = BenchShapes()
        (shapes.batch, shapes.visual, shapes.instruction, shapes.response) = (1, 4, 1, 2)
        (shapes.candidates, shapes.visionWidth) = (2, 3)
        (shapes.student, shapes.teacher) = (model, model)
        return shapes
    }

    @Test func weightsOfALayerAreThoseOfItsSevenMaps() {
        // q and o 4x4 each, k and v 4x2 each, gate, up and down 4x8 each: 16 + 16 + 8 + 8 + 3 * 32 = 144
        #expect(UsefulWork.layerWeights(shapes().student) == 144)
    }

    @Test func aForwardPassAddsLinearLayersAttentionHeadAndProjector() {
        let work = UsefulWork(shapes())
        // Every row sees itself and what is before it: 1 + 2 + ... + 7 = 28.
        #expect(work.trunk == .init(count: 7, visible: 28))
        // 2 * 7 * 144 = 2016; scores and sums 2 * 2 * 28 * 4 = 448; head 2 * 2 * 10 * 4 = 160; projector 2 *
        // 4 * (3 * 4 + 4 * 4) = 224
        let forward = work.forward(work.shapes.student, work.trunk, headRows: 2, visualTokens: 4)
        #expect(forward == 2016 + 448 + 160 + 224)
        // The gradients of inputs and weights are twice that, but features need none: 2 * 4 * 3 * 4 = 96.
        #expect(work.sft == 3 * forward - 96)
        #expect(work.vanillaKD == work.sft + forward)
    }

    @Test func candidatesSeeTheirPrefixAndThemselves() {
        // Positions 5 and 6 see 5 and 6 tokens and themselves.
        #expect(UsefulWork.Rows.candidates(at: [5, 6]) == .init(count: 2, visible: 6 + 7))
    }

    @Test func aStepWithoutCandidatesToRunCostsItsTrunkAndMoreHeadRows() {
        let work = UsefulWork(shapes())
        // IVA looks at 4 visual rows beside the 2 of the response: 4 rows of 2 * 10 * 4, three times for the
        // student, once for the teacher; alpha reads 5 keys in one row: 2 * 5 * 4.
        #expect(work.alignTI(headRows: 6, candidates: []) == work.vanillaKD + 4 * 80 * 4 + 40)
        // One candidate at position 6: 2 * 144 + 4 * 7 * 4 + 80 a pass, four passes.
        let one = work.alignTI(headRows: 6, candidates: [6]) - work.alignTI(headRows: 6, candidates: [])
        #expect(one == 4 * (288 + 112 + 80))
    }

    @Test func theRibbonIsTheTrunkAndAllCandidates() {
        let work = UsefulWork(shapes())
        // Two candidates at 5 and at 6: 4 rows, 2 * 6 + 2 * 7 = 26 keys: 2 * 4 * 144 + 4 * 26 * 4 + 4 * 80
        #expect(work.teacherRibbon == work.teacherPlain - work.saliency + 1152 + 416 + 320)
    }

    @Test func atThePapersSizeMergedCandidatesCostNothing() {
        let different = UsefulWork.paperRatio(instruction: 64, response: 128, candidates: 4, merged: 0)
        let merged = UsefulWork.paperRatio(instruction: 64, response: 128, candidates: 4, merged: 1)
        #expect(merged > 1 && merged < 1.2)
        #expect(different > 1.4 && different < 2)
    }
}
