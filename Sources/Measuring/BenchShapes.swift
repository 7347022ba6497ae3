import Settings
import Stage

/// Shapes of a benchmark, as both sides of a comparison read them from one JSON file (`pipelines/bench/`).
///
/// A batch of equal samples: visual tokens, instruction, response. Nothing has a default: a file that leaves
/// a shape out is refused.
public struct BenchShapes: Recipe, Equatable {
    /// A Qwen2 language model with random weights.
    public struct Language: Recipe, Equatable {
        public var hidden = 0
        public var layers = 0
        public var heads = 0
        public var keyHeads = 0
        public var intermediate = 0
        public var vocabulary = 0
        /// Whether head and embedding table are one.
        public var tied = false
        /// Layers with weights of their own, which the others repeat: a deep teacher where memory is short.
        /// 0: all.
        public var distinctLayers = 0

        public init() {}

        enum CodingKeys: String, CodingKey {
            case hidden, layers, heads
            case keyHeads = "kv_heads"
            case intermediate = "inter"
            case vocabulary = "vocab"
            case tied = "tie"
            case distinctLayers = "distinct_layers"
        }

        public func validate() throws {
            for (name, value) in [
                ("hidden", hidden), ("layers", layers), ("heads", heads), ("kv_heads", keyHeads),
                ("inter", intermediate), ("vocab", vocabulary),
            ] { try SettingProblem.require(value, name, in: 1...1_048_576) }
            guard hidden % heads == 0 else {
                throw SettingProblem("heads", "is \(heads), expected a divisor of hidden, \(hidden)")
            }
            guard heads % keyHeads == 0 else {
                throw SettingProblem("kv_heads", "is \(keyHeads), expected a divisor of heads, \(heads)")
            }
            try SettingProblem.require(distinctLayers, "distinct_layers", in: 0...layers)
        }
    }

    public var name = ""
    /// Number of samples.
    public var batch = 0
    /// Visual tokens of a sample; a square number, as a tower's grid is.
    public var visual = 0
    public var instruction = 0
    public var response = 0
    /// Candidates a position.
    public var candidates = 0
    /// Width of the tower's features, which are the input: the tower is frozen.
    public var visionWidth = 0
    /// 0-based teacher layer whose attention weights the visual tokens.
    public var saliencyLayer = -1
    public var student = Language()
    public var teacher = Language()
    /// Runs that count, and runs before them that do not.
    public var repeats = 0
    public var warmup = 1
    /// Tokens an answer, and how many sequences decode side by side.
    public var decodedTokens = 0
    public var decodeBatches: [Int] = []

    public init() {}

    enum CodingKeys: String, CodingKey {
        case name, batch, visual, student, teacher, repeats, warmup
        case instruction = "instr"
        case response = "resp"
        case candidates = "d"
        case visionWidth = "vision_dim"
        case saliencyLayer = "iva_layer"
        case decodedTokens = "decode_new"
        case decodeBatches = "decode_batches"
    }

    public func validate() throws {
        guard !name.isEmpty else { throw SettingProblem("name", "is empty") }
        for (key, value) in [
            ("batch", batch), ("visual", visual), ("instr", instruction), ("resp", response),
            ("d", candidates), ("vision_dim", visionWidth), ("repeats", repeats),
        ] { try SettingProblem.require(value, key, in: 1...65_536) }
        try SettingProblem.require(warmup, "warmup", in: 0...1000)
        try SettingProblem.require(decodedTokens, "decode_new", in: 2...65_536)
        guard gridSide * gridSide == visual else {
            throw SettingProblem("visual", "is \(visual), expected a square number")
        }
        guard !decodeBatches.isEmpty, decodeBatches.allSatisfy({ (1...1024).contains($0) }) else {
            throw SettingProblem("decode_batches", "is \(decodeBatches), expected numbers from 1 to 1024")
        }
        try SettingProblem.require(saliencyLayer, "iva_layer", in: 0..<max(1, teacher.layers))
        guard student.distinctLayers == 0 else {
            throw SettingProblem(
                "student.distinct_layers", "is for the frozen teacher: a student's layers are trained")
        }
        guard student.vocabulary == teacher.vocabulary else {
            throw SettingProblem(
                "student.vocab", "is \(student.vocabulary), expected the teacher's, \(teacher.vocabulary)")
        }
    }

    /// Side of the grid of visual tokens.
    public var gridSide: Int { Int(Double(visual).squareRoot().rounded()) }
    /// Position of the first response token.
    public var firstResponse: Int { visual + instruction }
    /// Number of tokens of a sample.
    public var length: Int { visual + instruction + response }
    /// Number of rows of a batch.
    public var rows: Int { batch * length }
}
