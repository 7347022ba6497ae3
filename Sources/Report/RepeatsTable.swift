import Records

/// What of trainings' data stands there more than once, from their repeats.json.
struct RepeatsTable {
    /// Trainings by what was found, those with the same data together.
    private var groups: [(found: RepeatsFile, names: [String])] = []

    mutating func add(_ found: RepeatsFile, of name: String) {
        guard found.sources.contains(where: \.hasRepeats) else { return }
        if let known = groups.firstIndex(where: { $0.found == found }) {
            groups[known].names.append(name)
        } else {
            groups.append((found, [name]))
        }
    }

    var tables: [ReportTable] {
        groups.map { found, names in
            ReportTable(
                id: "repeats-\(Anchor.words(names[0]))",
                title: "What the data of \(names.joined(separator: ", ")) has more than once,",
                caption:
                    "by source: samples with the same conversation and picture as an earlier one, and "
                    + "samples and different pictures that sources which are trained on have too. "
                    + "Nothing was left out for it.",
                columns: [
                    "source", "samples", "repeated", "also in others", "of these in", "pictures",
                    "also in others", "of these in",
                ],
                rows: found.sources.map { source in
                    ReportTable.Row(
                        [
                            source.name + (source.isHeldBack ? " (held back)" : ""),
                            Printed.count(source.samples), Printed.count(source.repeated),
                            Printed.count(source.sharedSamples), Self.list(source.samplesIn),
                            Printed.count(source.pictures), Printed.count(source.sharedPictures),
                            Self.list(source.picturesIn),
                        ], isQuiet: !source.hasRepeats)
                })
        }
    }

    private static func list(_ shared: [RepeatsFile.Shared]) -> String {
        shared.isEmpty
            ? "–" : shared.map { "\($0.source) \(Printed.count($0.count))" }.joined(separator: ", ")
    }
}
