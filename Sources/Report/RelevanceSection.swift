import Foundation
import TeacherStore

/// Dependence of each layer's attention to the image on the question (IRS, Eq. 4).
struct RelevanceSection {
    let run: RunFolder

    func section(_ figure: (Plot, String) throws -> Figure) throws -> ReportSection {
        var section = ReportSection(
            id: "relevance", title: "Which layer listens to the question",
            lead:
                "The Instruction-Relevance Score of each teacher layer: 0 means that a layer looks at the "
                + "same places whatever is asked, 1 that two questions never share a place. IVA takes its "
                + "weights from the layer with the highest score."
        )
        var figures: [Figure] = []
        for result in run.made(by: "cache-teacher") {
            let index: StoreIndex
            do { index = try StoreIndex(folder: result.wholeFolder()) } catch {
                section.blocks.append(.absent("\(result.name) has no index that can be read: \(error)"))
                continue
            }
            section.sources.append(result)
            guard let relevance = index.relevance else {
                section.blocks.append(
                    .absent(
                        "The recipe names layer \(index.settings.saliencyLayer), so the scores of the layers "
                            + "were not measured."
                    ))
                continue
            }
            let plot = Plot(
                id: "relevance-\(Anchor.words(result.name))",
                alternative: "IRS by layer: "
                    + relevance.scores.enumerated().map { "layer \($0) \(Printed.number($1, 3))" }
                    .joined(separator: ", "),
                xLabel: "layer", yLabel: "IRS", style: .bars,
                series: [
                    Plot.Series(
                        "IRS", relevance.scores.enumerated().map { (x: Double($0), y: $1) },
                        bands: zip(relevance.scores, relevance.standardErrors).map { ($0 - $1, $0 + $1) })
                ])
            figures.append(
                try figure(
                    plot,
                    "\(result.name): IRS of the teacher’s layers, counted from 0, with standard errors, over "
                        + "\(Printed.count(relevance.pairs)) pairs of inputs. IVA uses layer "
                        + "\(index.settings.saliencyLayer)."
                ))
        }
        if !figures.isEmpty { section.blocks.insert(.figures(figures), at: 0) }
        if section.blocks.isEmpty {
            section.blocks.append(.absent("No teacher outputs were computed, so no layer was measured."))
        }
        return section
    }
}
