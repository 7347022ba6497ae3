import Files
import Settings
import Testing

enum Shape: String, Codable, CaseIterable, Sendable {
    case cosine
    case flat = "constant_then_flat"
}

struct Rates: Recipe, Equatable {
    @Setting("Peak of the schedule.", unit: "a step", in: Bounds.above(0), equation: "Eq. 8")
    var learningRate = 2e-5
    @Setting("Decay of the moments.", in: 0..<1) var betas = [0.9, 0.999]
    @Setting("How the rate falls.") var shape = Shape.cosine
}

struct Sums: Codable, Equatable, Sendable { var sft = 1.0, kd = 0.0 }

struct Training: Recipe, Equatable {
    @Setting("Optimizer steps.", in: 1...1000, null: "as many as the epochs take") var steps: Int?
    @Setting("Name of the run: <run>.") var runName = "<demo>"
    @Setting("Weights of the terms.", in: 0...) var weights = Sums()
    @Setting("The optimizer.") var optimizer = Rates()
    @Setting("Whether to go on.") var resume = true
    @Setting("Layers.", in: 0...) var layers: [Int]?
}

@Suite struct SettingTests {
    @Test func keysAreTheNamesInSnakeCase() throws {
        #expect(
            try Training().tree() == [
                "steps": nil, "run_name": "<demo>", "weights": ["sft": 1, "kd": 0],
                "optimizer": ["learning_rate": 2e-5, "betas": [0.9, 0.999], "shape": "cosine"],
                "resume": true, "layers": nil,
            ])
    }

    @Test func aValueOutsideItsBoundsIsNamed() throws {
        var recipe = Training()
        try recipe.check()
        recipe.steps = 0
        #expect(throws: SettingProblem("steps", "is 0, expected 1 to 1000")) { try recipe.check() }
        recipe = Training()
        recipe.weights.kd = -.infinity
        #expect(throws: SettingProblem("weights.kd", "is -inf, expected 0 or more")) { try recipe.check() }
        recipe = Training()
        recipe.optimizer.learningRate = 0
        #expect(throws: SettingProblem("optimizer.learning_rate", "is 0.0, expected more than 0")) {
            try recipe.check()
        }
        recipe = Training()
        recipe.optimizer.betas = [0, 1]
        #expect(throws: SettingProblem("optimizer.betas[1]", "is 1.0, expected at least 0 and less than 1")) {
            try recipe.check()
        }
    }
    @Test func thePrintedRecipeSaysWhatEachSettingIs() throws {
        var recipe = Training()
        recipe.optimizer.betas = [0.5]
        #expect(
            try recipe.commentedYAML(title: "Recipe") == """
                # Recipe

                # Optimizer steps.
                # a whole number, 1 to 1000; null: as many as the epochs take
                steps: null

                # Name of the run: <run>.
                # text
                run_name: "<demo>"

                # Weights of the terms.
                # numbers, 0 or more
                weights: {kd: 0, sft: 1}

                # The optimizer.
                optimizer:
                  # Peak of the schedule.
                  # a number (a step), more than 0; Eq. 8
                  learning_rate: 2e-05

                  # Decay of the moments.
                  # list of numbers, at least 0 and less than 1; default [0.9, 0.999]
                  betas: [0.5]

                  # How the rate falls.
                  # cosine | constant_then_flat
                  shape: cosine

                # Whether to go on.
                # true or false
                resume: true

                # Layers.
                # list of whole numbers, 0 or more; null: none
                layers: null
                """)
    }

    @Test func theSchemaHasTypesBoundsAndDefaults() throws {
        let schema = try Training.schema(title: "Recipe")
        #expect(schema["additionalProperties"] == false && schema["properties"]?["base"] != nil)
        let properties = try #require(schema["properties"])
        #expect(
            properties["steps"] == [
                "anyOf": [["type": "integer", "minimum": 1, "maximum": 1000], ["type": "null"]],
                "description": "Optimizer steps.", "default": nil,
            ])
        #expect(
            properties["optimizer"]?["properties"]?["learning_rate"] == [
                "type": "number", "exclusiveMinimum": 0, "description": "Peak of the schedule. (Eq. 8)",
                "default": 2e-5,
            ])
        #expect(
            properties["optimizer"]?["properties"]?["shape"]?["enum"] == ["cosine", "constant_then_flat"])
        #expect(properties["weights"]?["properties"]?["kd"] == ["type": "number", "minimum": 0])
        #expect(
            properties["layers"]?["anyOf"] == [
                ["type": "array", "items": ["type": "integer", "minimum": 0]], ["type": "null"],
            ])
    }
}
