import AlignmentSupport
import Distillation
import Foundation
import Models
import Tensors
import TestSupport
import Testing

/// A student made from its teacher's tower sees through it once for both.
@Suite struct SharedTowerTests {
    @Test(arguments: Fixtures.cases("models")) func onlyEqualFrozenTowersAreShared(folder: URL) throws {
        let teacher = folder.appendingPathComponent("teacher")
        let whole = try LlavaModel(folder: teacher)
        for precision in Precision.allCases {
            #expect(try LlavaModel(folder: teacher, precision: precision).hasFrozenTower(of: whole))
            #expect(try whole.hasFrozenTower(of: LlavaModel(folder: teacher, precision: precision)))
        }
        #expect(try !LlavaModel(folder: teacher, trainable: [.vision]).hasFrozenTower(of: whole))
        let other = try LlavaModel(folder: teacher)
        let weight = try #require(other.parameters(of: [.vision]).first)
        weight.value.data.pointer[0] += 0.5
        #expect(!other.hasFrozenTower(of: whole))
    }

    @Test(arguments: Fixtures.cases("models")) func theSameFeaturesReachBoth(folder: URL) throws {
        let fixture = try ModelFixture(folder)
        let teacher = folder.appendingPathComponent("teacher")
        let loss = AlignmentLoss(
            student: try LlavaModel(folder: teacher, trainable: [.language]),
            teacher: try LlavaModel(folder: teacher), objective: fixture.objective(ModelFixture.all))
        let found = try loss(fixture.batch, totals: fixture.totals, candidates: .given(fixture.candidates))
        // The teacher is its own student.
        #expect(abs(found.terms.kd) < 1e-6 && abs(found.terms.iva) < 1e-6 && abs(found.terms.tpa) < 1e-6)
        #expect(found.terms.sft > 0.1)
    }
}
