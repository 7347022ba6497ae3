/// A column of what a run cost, or what was measured of its model: not a score, so nothing is tested.
public struct MeasuredColumn: Sendable {
    /// As in the recipe and in cells.jsonl.
    public let name: String
    /// Empty where it is not shown.
    public let title: String
    /// Factor from the unit of `name` to that of `title`.
    let scale: Double
    let decimals: Int

    public static let all: [MeasuredColumn] = [
        .init("training_seconds", "training s", decimals: 1),
        .init("seconds_per_step", "s/step", decimals: 3),
        .init("teacher_seconds", "teacher s", decimals: 1),
        .init("peak_resident_bytes", "peak MB", scale: 1e-6),
        .init("student_passes_per_sample", "student passes", decimals: 2),
        .init("student_rows_per_sample", "rows/sample", decimals: 1),
        .init("teacher_passes_per_sample", "teacher passes", decimals: 2),
        .init("saliency_layer", "layer"), .init("most_relevant_layer", ""),
        .init("parameters", "parameters, M", scale: 1e-6, decimals: 2),
        .init("answering_resident_bytes", "answering MB", scale: 1e-6),
        .init("first_token_seconds", "first token ms", scale: 1e3, decimals: 2),
        .init("tokens_per_second", "tokens/s"),
    ]

    public static func named(_ name: String) -> MeasuredColumn? { all.first { $0.name == name } }

    private init(_ name: String, _ title: String, scale: Double = 1, decimals: Int = 0) {
        (self.name, self.title, self.scale, self.decimals) = (name, title, scale, decimals)
    }
}
