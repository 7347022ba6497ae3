extension ReportSection.Block {
    /// The block with names for its tables and plots that no other on the page has: results `a/b` and `a-b`
    /// are two, and so are a comparison called `cost` and the table of costs.
    func named(apartFrom ids: inout Set<String>) -> Self {
        func own(_ id: String) -> String {
            var (name, count) = (id, 1)
            while !ids.insert(name).inserted {
                count += 1
                name = "\(id)-\(count)"
            }
            return name
        }
        switch self {
        case .table(var table):
            table.id = own(table.id)
            return .table(table)
        case .figures(var figures):
            for index in figures.indices { figures[index].plot.id = own(figures[index].plot.id) }
            return .figures(figures)
        case .folded(let summary, let blocks):
            return .folded(summary, blocks.map { $0.named(apartFrom: &ids) })
        default: return self
        }
    }
}
