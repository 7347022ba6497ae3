import Distillation
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
                try refuseDiskFailure(error)
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
                        bands: zip(relevance.scores, relevance.standardErrors).map {
                            ($0 - RelevanceTable.band * $1, $0 + RelevanceTable.band * $1)
                        })
                ])
            figures.append(
                try figure(
                    plot,
                    "\(result.name): IRS of the teacher’s layers, counted from 0, with 95 % bands, over "
                        + "\(Printed.count(relevance.pairs)) pairs of inputs. IVA uses layer "
                        + "\(index.settings.saliencyLayer)."
                ))
            if let most = relevance.scores.max(), most < 0.01 {
                section.blocks.append(
                    .odd(
                        "In \(result.name) the IRS is below 0.01 in all layers: where this teacher looks "
                            + "hardly depends on the question, so that IVA’s weights carry little of it."))
            }
            if let plot = Self.convergence(relevance, result) {
                figures.append(try figure(plot, "\(result.name): the same after so many pairs, by layer."))
            }
        }
        if !figures.isEmpty { section.blocks.insert(.figures(figures), at: 0) }
        if section.blocks.isEmpty {
            section.blocks.append(.absent("No teacher outputs were computed, so no layer was measured."))
        }
        return section
    }

    /// Scores after the first pairs: at most eight layers, evenly over the depth.
    private static func convergence(_ relevance: InstructionRelevance, _ result: RunResult) -> Plot? {
        let count = relevance.scores.count
        let history = (relevance.history ?? []).filter {
            $0.scores.count == count && $0.standardErrors.count == count
        }
        guard history.count > 1, relevance.standardErrors.count == count else { return nil }
        let layers = Set((0..<min(8, count)).map { $0 * (count - 1) / max(1, min(8, count) - 1) }).sorted()
        let all =
            history + [
                .init(
                    pairs: relevance.pairs, scores: relevance.scores, standardErrors: relevance.standardErrors
                )
            ]
        return Plot(
            id: "relevance-pairs-\(Anchor.words(result.name))",
            alternative:
                "IRS of \(layers.count) layers after \(all.map { "\($0.pairs)" }.joined(separator: ", "))"
                + " pairs",
            xLabel: "pairs", yLabel: "IRS",
            series: layers.map { layer in
                Plot.Series(
                    "layer \(layer)", all.map { (x: Double($0.pairs), y: $0.scores[layer]) },
                    bands: all.map {
                        let margin = RelevanceTable.band * $0.standardErrors[layer]
                        return ($0.scores[layer] - margin, $0.scores[layer] + margin)
                    })
            })
    }
}
