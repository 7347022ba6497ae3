import Files
import Foundation
import Settings
import Stage
import TestSupport
import Testing

private enum Mode: String, Codable, CaseIterable, Sendable { case pad, square }

private struct Weights: Codable, Sendable, Equatable {
    var sft = 1.0
    var iva: Float = 0.1
}

private struct Optimizer: Recipe, Equatable {
    var rate = 1e-3
    var betas = [0.9, 0.98]
    func validate() throws { try SettingProblem.require(rate, "rate", in: 0...) }
}

private struct Example: Recipe, Equatable {
    var steps = 100
    var byte: UInt8 = 7
    var name = "demo"
    var resume = false
    var mode = Mode.pad
    @Setting("The teacher.") var teacher: String?
    @Setting("The layer.") var layer: Int?
    var weights = Weights()
    @Setting("The optimizer.") var optimizer: Optimizer?
    var phases: [Optimizer] = []
    var limits: [String: Int] = ["a": 1, "b": 2]
    func validate() throws {
        try SettingProblem.require(steps, "steps", in: 1...1000)
        try SettingProblem.require(weights.sft, "weights.sft", in: 0...)
    }
}

private struct Demanding: Recipe {
    @Setting("The teacher.") var teacher: String?
    func validate() throws { _ = try SettingProblem.require(teacher, "teacher") }
}

@Suite struct RecipeLoaderTests {
    private func load<R: Recipe>(_ type: R.Type, _ yaml: String, _ assignments: [String] = []) throws -> R {
        try withTemporaryFolder { folder in
            let url = folder.appendingPathComponent("x.yaml")
            try AtomicOutput.writeAtomically(yaml, to: url)
            return try RecipeLoader.load(type, config: url, assignments: assignments)
        }
    }

    /// The error's text, without the folder.
    private func refusal<R: Recipe>(_ type: R.Type, _ yaml: String, _ assignments: [String] = []) -> (
        text: String, code: Int32
    ) {
        do {
            _ = try load(type, yaml, assignments)
            return ("accepted", 0)
        } catch {
            let text = "\(error)"
            let name = text.range(of: "x.yaml").map { String(text[$0.lowerBound...]) } ?? text
            return (name, (error as? any ExitCoded)?.exitCode ?? -1)
        }
    }

    @Test func withoutAFileTheDefaultsHold() throws {
        #expect(try RecipeLoader.load(Example.self, config: nil) == Example())
        #expect(try load(Example.self, "") == Example())
        #expect(try load(Example.self, "# nothing but a comment\n") == Example())
    }

    @Test func theFileOverridesKeyByKeyAndTheOptionsOverrideTheFile() throws {
        let yaml = """
            steps: 20
            weights: {iva: 0.5}
            mode: square
            name: "yes"
            layer: 3
            optimizer:
              rate: 2
            phases:
              - rate: 1e-4
              - betas: [1, 2]
            limits: {c: 3}
            """
        let recipe = try load(
            Example.self, yaml,
            ["steps=1e2", "weights.sft=0", "resume=true", "optimizer.betas=[0.5]", "layer=null", "name=a=b"])
        var expected = Example()
        expected.weights = Weights(sft: 0, iva: 0.5)
        (expected.mode, expected.name, expected.resume, expected.steps) = (.square, "a=b", true, 100)
        expected.optimizer = Optimizer(rate: 2, betas: [0.5])
        expected.phases = [Optimizer(rate: 1e-4), Optimizer(betas: [1, 2])]
        expected.limits = ["c": 3]
        #expect(recipe == expected)
    }

    @Test func theResolvedTreeHasEverySettingAndNull() throws {
        let tree = try load(Example.self, "weights: {iva: 0.5}").tree()
        #expect(
            tree == [
                "steps": 100, "byte": 7, "name": "demo", "resume": false, "mode": "pad", "teacher": nil,
                "layer": nil, "weights": ["sft": 1, "iva": 0.5],
                "optimizer": nil, "phases": [], "limits": ["a": 1, "b": 2],
            ])
        #expect(try Example().tree()["weights"]?["iva"] == 0.1)  // not 0.10000000149: the float's own text
    }

    @Test(arguments: [
        (
            "stepz: 3",
            "x.yaml:1: 'stepz' is not a setting; did you mean 'steps'? (known here: byte, layer, limits, "
                + "mode, name,"
        ),
        (
            "steps: 3\n\nweights:\n  sft: 1\n  ivaa: 2\n",
            "x.yaml:5: 'weights.ivaa' is not a setting; did you mean 'iva'? (known here: iva, sft)"
        ),
        ("sft: 2", "x.yaml:1: 'sft' is not a setting; did you mean 'weights.sft'? (known here: byte,"),
        ("weights:\n  stepz: 2", "x.yaml:2: 'weights.stepz' is not a setting; did you mean 'steps'? (known"),
        ("optimizer:\n  rat: 1", "x.yaml:2: 'optimizer.rat' is not a setting; did you mean 'rate'?"),
        (
            "phases:\n- rate: 1\n- qqqqqqq: 1\n",
            "x.yaml:3: 'phases[1].qqqqqqq' is not a setting (known here: betas, rate)"
        ),
        ("\nsteps: many", "x.yaml:2: 'steps' is the text 'many', expected a whole number"),
        ("steps: 1.5", "x.yaml:1: 'steps' is the number 1.5, expected a whole number"),
        ("steps:", "x.yaml:1: 'steps' is empty, expected a whole number"),
        ("byte: 256", "'byte' is the number 256, expected a whole number from 0 to 255"),
        ("steps: [1]", "'steps' is a list, expected a whole number"),
        ("name: 5", "'name' is the number 5, expected text; put it in quotes"),
        ("resume: yes", "'resume' is the text 'yes', expected true or false"),
        ("weights: 3", "'weights' is the number 3, expected a group of settings"),
        ("optimizer: 3", "'optimizer' is the number 3, expected a group of settings"),
        ("phases: {a: 1}", "'phases' is a group of settings, expected a list"),
        ("mode: crop", "x.yaml:1: 'mode' is the text 'crop', expected one of pad, square"),
        ("weights:\n  sft: -1", "x.yaml:2: 'weights.sft' is -1.0, expected 0 or more"),
        ("phases:\n- rate: 1\n- rate: -1\n", "x.yaml:3: 'phases[1].rate' is -1.0"),
        ("- 1\n- 2", "x.yaml: is a list, expected lines of 'key: value'"),
        ("steps: [1", "x.yaml: not valid YAML"),
        ("steps: 1\nsteps: 2\n", "x.yaml: not valid YAML"),
        ("base: [a]", "'base' is a list, expected the path of a recipe"),
    ])
    func whatIsWrongIsSpelledAsInTheFile(yaml: String, expected: String) {
        let (text, code) = refusal(Example.self, yaml)
        #expect(text.contains(expected), "\(text)")
        #expect(code == 65)
    }

    @Test func anUnknownOptionIsAUsageError() {
        for (option, expected) in [
            ("stepz=3", "--set stepz=3: 'stepz' is not a setting; did you mean 'steps'"),
            ("weights.sft=x", "--set weights.sft=x: 'weights.sft' is the text 'x', expected a number"),
            ("steps", "expected key=value, for example --set byte=7"),
            ("=3", "expected key=value"), ("a..b=3", "expected key=value"),
            ("steps=[1", "not valid YAML"),
            ("steps=0", "--set steps=0: 'steps' is 0, expected 1 to 1000"),
        ] {
            let (text, code) = refusal(Example.self, "name: x", [option])
            #expect(text.contains(expected), "\(text)")
            #expect(code == 64)
        }
    }

    @Test func aRequiredSettingSaysSo() throws {
        let (text, code) = refusal(Demanding.self, "")
        #expect(
            text.contains(
                "'teacher' is not set and has no default; write it in the recipe or give --set teacher="))
        #expect(code == 65)
        #expect(try load(Demanding.self, "teacher: runs/teacher").teacher == "runs/teacher")
    }

    @Test func ofSeveralRecipesALaterOneOverridesWhatItNames() throws {
        try withTemporaryFolder { folder in
            let configs = try [
                ("base.yaml", "steps: 5\nname: base\nweights: {sft: 3, iva: 2}\n"),
                ("row.yaml", "name: row\nweights: {iva: 9}\n"),
            ].map { name, text in
                let url = folder.appendingPathComponent(name)
                try AtomicOutput.writeAtomically(text, to: url)
                return url
            }
            let recipe = try RecipeLoader.load(Example.self, configs: configs, assignments: ["steps=6"])
            #expect((recipe.steps, recipe.name, recipe.weights.sft, recipe.weights.iva) == (6, "row", 3, 9))
            #expect(try RecipeLoader.load(Example.self, configs: configs.reversed()).name == "base")
        }
    }

    @Test func aRecipeMayBeBasedOnAnother() throws {
        try withTemporaryFolder { folder in
            func write(_ name: String, _ text: String) throws -> URL {
                let url = folder.appendingPathComponent(name)
                try AtomicOutput.writeAtomically(text, to: url)
                return url
            }
            _ = try write("common/root.yaml", "steps: 5\nname: root\nweights: {sft: 3}\n")
            _ = try write("common/mid.yaml", "base: root.yaml\nname: mid\n")
            let top = try write("top.yaml", "base: common/mid.yaml\nweights: {iva: 9}\n")
            let recipe = try RecipeLoader.load(Example.self, config: top)
            #expect((recipe.steps, recipe.name, recipe.weights.sft, recipe.weights.iva) == (5, "mid", 3, 9))

            // A mistake is reported where it was written.
            _ = try write("common/root.yaml", "steps: 5\n\nstep: 6\n")
            #expect { try RecipeLoader.load(Example.self, config: top) } throws: {
                "\($0)".contains("common/root.yaml:3: 'step' is not a setting")
            }
            _ = try write("common/root.yaml", "base: mid.yaml\n")
            #expect { try RecipeLoader.load(Example.self, config: top) } throws: {
                "\($0)".contains("is based on itself")
            }
            _ = try write("common/root.yaml", "base: nothing.yaml\n")
            #expect { try RecipeLoader.load(Example.self, config: top) } throws: {
                ($0 as? FilesError)?.exitCode == 66
            }
        }
    }

    @Test func aMarkOfByteOrderIsNoPartOfTheText() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("marked.yaml")
            try AtomicOutput.writeAtomically("\u{FEFF}steps: 5\nname: marked\n", to: file)
            let recipe = try RecipeLoader.load(Example.self, config: file)
            #expect((recipe.steps, recipe.name) == (5, "marked"))
        }
    }

    @Test(arguments: ["? *a\n: 1", "*a : 1", "[*a]: 1", "{x: *a} : 1", "b: {*a : 1}", "- ? *a"])
    func anAliasInAKeyIsRefused(_ key: String) throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("key.yaml")
            try AtomicOutput.writeAtomically("a: &a [x]\n\(key)\n", to: file)
            let problem = "an alias (*name) stands in a key: write the key out"
            #expect(throws: StageError.badRecipe(file: file.path, problem: problem)) {
                try RecipeLoader.load(Example.self, config: file)
            }
        }
    }

    @Test func aliasesOfAliasesAreRefusedBeforeTheyFillTheMemory() throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...14 {
            let alias = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(alias)]\n"
        }
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("bomb.yaml")
            try AtomicOutput.writeAtomically(text, to: file)
            #expect {
                try RecipeLoader.load(Example.self, config: file)
            } throws: {
                guard case .tooLarge(file.path, _, 100_000, .yamlValues) = $0 as? FilesError else {
                    return false
                }
                return true
            }
        }
    }
}
