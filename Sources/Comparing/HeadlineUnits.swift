import Benchmarks
import Records

/// What a benchmark's headline counts, from the records of its questions.
///
/// ScienceQA's headline is of the questions with a picture, MMBench's of groups of which every rotation must
/// be right, MME's of the subtasks of perception. A test over questions takes these units: others would be
/// tested beside a difference that is not theirs.
struct HeadlineUnits {
    /// Names of the units, in the order of the questions.
    private(set) var names: [String] = []
    private(set) var credits: [Double] = []

    init(_ items: [ItemRecord], of benchmark: String) {
        switch benchmark {
        case ScienceQA.name: add(items.filter { $0.group == ScienceQA.withPicture })
        case MME.name: add(items.filter { MME.perception.contains($0.group) })
        case MMBench.name:
            var places: [String: Int] = [:]
            for item in items {
                let base = Int(item.question).map { "\($0 % MMBench.rotation)" } ?? item.question
                if let place = places[base] {
                    credits[place] = min(credits[place], item.credit)
                } else {
                    places[base] = names.count
                    names.append(base)
                    credits.append(item.credit)
                }
            }
        default: add(items)
        }
    }

    private mutating func add(_ items: [ItemRecord]) {
        (names, credits) = (items.map(\.question), items.map(\.credit))
    }
}
