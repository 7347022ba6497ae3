import Benchmarks
import Distillation
import Files
import Foundation
import Images
import Models
import TeacherStore
import Text

/// Heat maps of the instruction's attention over the image: several questions on one image, and layer by
/// layer.
struct AttentionSection {
    let run: RunFolder
    let scored: ScoredRun
    let settings: ReportSettings

    /// An image with some of the questions asked about it.
    struct Subject {
        let questions: [JudgedQuestion]
        let picture: [UInt8]
    }

    /// Maps of one model for all subjects.
    private struct Views {
        let model: ScoredRun.Model
        let maps: [AttentionMaps]
        /// The layer that is shown where one has to be chosen.
        let layer: Int
    }

    func section() throws -> ReportSection {
        var section = ReportSection(
            id: "attention", title: "Where the models look",
            lead:
                "How much the words of a question attend to each part of the image (α of Eq. 3: the mean "
                + "over heads and over the tokens after the image). Bright patches get the most; each map is "
                + "scaled to its own brightest patch, so colours compare places and not strengths."
        )
        guard settings.attention else {
            section.blocks.append(.absent("The report’s recipe leaves the heat maps out (attention: false)."))
            return section
        }
        for model in scored.models where model.checkpoint == nil {
            section.blocks.append(.absent("The checkpoint of \(model.name) is not in this run any more."))
        }
        let models = shownModels
        guard !models.isEmpty, !scored.benchmarks.isEmpty else {
            section.blocks.append(.absent("Heat maps need scored models and their benchmarks’ images."))
            return section
        }
        do {
            let subjects = try subjects()
            guard !subjects.isEmpty else {
                section.blocks.append(.absent("No benchmark of this run asks about an image."))
                return section
            }
            var views: [Views] = []
            for model in models {
                do { views.append(try look(model, subjects)) } catch {
                    try refuseDiskFailure(error)
                    section.blocks.append(.absent("\(model.name): \(error)"))
                }
            }
            section.sources = views.compactMap(\.model.checkpoint) + run.made(by: "cache-teacher")
            guard !views.isEmpty else { return section }
            for number in subjects.indices {
                section.blocks.append(.grid(try byQuestion(subjects, number, views)))
            }
            for question in subjects[0].questions.indices.prefix(settings.questionsByLayer) {
                section.blocks.append(.grid(try byLayer(subjects[0], question, views)))
            }
        } catch {
            try refuseDiskFailure(error)
            section.blocks.append(.absent("The heat maps could not be made: \(error)"))
        }
        return section
    }

    /// Models with maps: all where they are few, else the first ones and the last of the scored, and rows of
    /// comparisons.
    private var shownModels: [ScoredRun.Model] {
        let present = scored.models.filter { $0.checkpoint != nil }
        let (own, rows) = (present.filter { !$0.isRow }, present.filter(\.isRow).prefix(settings.models - 1))
        let room = settings.models - rows.count
        guard own.count > room else { return own + rows }
        return Array(own.prefix(max(1, room - 1)) + own.suffix(room - 1).suffix(1)) + rows
    }

    /// The images that most different questions are asked about.
    private func subjects() throws -> [Subject] {
        var byImage: [String: [JudgedQuestion]] = [:]
        for benchmark in scored.benchmarks {
            for judged in try scored.judged(benchmark)?.prefix(5000) ?? [] {
                // A map is of a prompt that begins with its image.
                guard judged.question.hasImage, judged.question.history.isEmpty,
                    let key = judged.question.image.identity
                else { continue }
                if byImage[key]?.contains(where: { $0.question.text == judged.question.text }) != true {
                    byImage[key, default: []].append(judged)
                }
            }
        }
        let chosen = byImage.sorted { ($1.value.count, $0.value[0].lot) < ($0.value.count, $1.value[0].lot) }
            .prefix(settings.images).map { Self.various($0.value, settings.questionsPerImage) }
        let reader = try ImageReader(for: chosen.flatMap { $0 }.map(\.question))
        return try chosen.compactMap { questions in
            try reader.bytes(of: questions[0].question).map { Subject(questions: questions, picture: $0) }
        }
    }

    /// Questions with different right answers first; "no" last, since there is nothing to look at.
    static func various(_ questions: [JudgedQuestion], _ count: Int) -> [JudgedQuestion] {
        let sorted = questions.sorted { $0.lot < $1.lot }
        let negative = sorted.filter { $0.gold.lowercased() == "no" }
        let others = sorted.filter { $0.gold.lowercased() != "no" }
        let kept = others.prefix(max(count - (negative.isEmpty ? 0 : 1), 0))
        return Array((kept + negative).prefix(count))
    }

    private func look(_ model: ScoredRun.Model, _ subjects: [Subject]) throws -> Views {
        guard let checkpoint = model.checkpoint else { throw FilesError.missing(path: model.name) }
        let loaded = try LlavaModel(folder: checkpoint.wholeFolder())
        let tokenizer = try Tokenizer(contentsOf: checkpoint.folder)
        let template = try Self.template(model.answers.receipt.recipe, checkpoint.folder)
        let maps = try subjects.map { subject in
            try AttentionMaps(
                loaded, tokenizer, template: template, picture: subject.picture,
                background: Self.background(model.answers.receipt.recipe),
                questions: subject.questions.map(\.question.text))
        }
        if let layer = layerOfIVA(checkpoint) {
            return Views(
                model: model, maps: maps, layer: min(layer, maps[0].layers - 1))
        }
        let inputs = maps.flatMap(\.alphas)
        var pairs = RelevanceSums(layers: maps[0].layers)
        for first in inputs.indices {
            for second in inputs.indices where second > first {
                pairs.add((first, second), inputs[first], inputs[second])
            }
        }
        return Views(
            model: model, maps: maps, layer: pairs.relevance.bestLayer)
    }

    /// The layer of the teacher that cache-teacher chose; nil for other models.
    private func layerOfIVA(_ checkpoint: RunResult) -> Int? {
        for result in run.made(by: "cache-teacher") {
            guard let teacher = result.input("teacher"), run.source(of: teacher)?.name == checkpoint.name
            else {
                continue
            }
            return (try? StoreIndex(folder: result.wholeFolder()))?.settings.saliencyLayer
        }
        return nil
    }

    /// The conversation template that answer-benchmarks was told to use.
    private static func template(_ recipe: JSONValue, _ folder: URL) throws -> ConversationTemplate {
        func text(_ name: String) -> String? {
            if case .string(let text)? = recipe[name] { text } else { nil }
        }
        let kind = text("template").flatMap(ConversationTemplate.Kind.init(rawValue:))
        return try ConversationTemplate(
            kind, system: text("system"), endText: text("end_text"), of: folder)
    }

    /// The colour that pictures with clear parts were laid on.
    private static func background(_ recipe: JSONValue) -> [UInt8]? {
        guard case .array(let colour)? = recipe["background"], colour.count == 3 else { return nil }
        return colour.map { UInt8(clamping: $0.int ?? 0) }
    }

    private func cell(
        _ views: Views, _ subject: Int, _ question: Int, _ layer: Int, _ judged: JudgedQuestion?
    )
        throws -> ImageGrid.Cell
    {
        let maps = views.maps[subject]
        let alpha = maps.alphas[question][layer]
        let base = InlinePicture.smaller(maps.image, than: ReportSettings.pictureSide)
        let picture = HeatMap.over(base, weights: alpha, side: maps.side)
        let brightest = alpha.indices.max { alpha[$0] < alpha[$1] } ?? 0
        let place = "row \(brightest / maps.side + 1), column \(brightest % maps.side + 1)"
        var cell = ImageGrid.Cell(
            uri: try InlinePicture.uri(picture),
            alternative:
                "Attention of \(views.model.name), layer \(layer): brightest patch in \(place) of "
                + "\(maps.side) by \(maps.side).",
            note: "")
        if let judged, let index = scored.models.firstIndex(where: { $0.name == views.model.name }) {
            cell.note = String((judged.answers[index].text ?? "no answer").prefix(60))
            cell.mark = judged.marks[index]
        }
        return cell
    }

    private func byQuestion(_ subjects: [Subject], _ number: Int, _ views: [Views]) throws -> ImageGrid {
        let questions = subjects[number].questions
        let plain = InlinePicture.smaller(views[0].maps[number].image, than: ReportSettings.pictureSide)
        let rows = try views.enumerated().map { index, view in
            let original = ImageGrid.Cell(
                uri: index == 0 ? try InlinePicture.uri(plain) : nil,
                alternative: "The image as the models see it."
            )
            return ImageGrid.Row(
                heading: view.model.name, note: "layer \(view.layer)",
                cells: [original]
                    + (try questions.indices.map {
                        try cell(view, number, $0, view.layer, questions[$0])
                    }))
        }
        return ImageGrid(
            caption:
                "One image, \(questions.count == 1 ? "one question" : "\(questions.count) questions"): what "
                + "each model attends to, and its answer below "
                + "(✓ right, ✗ wrong). The teacher is shown in the layer that IVA uses, another model in the "
                + "one whose maps differ most between these questions."
                + (views.contains(where: \.model.isRow)
                    ? " Models with a seed are rows of the comparisons, trained alike but for what differs "
                        + "in their recipes."
                    : ""),
            columns: ["the image"] + questions.map(\.shortText), rows: rows)
    }

    private func byLayer(_ subject: Subject, _ question: Int, _ views: [Views]) throws -> ImageGrid {
        let shown = views.map {
            AttentionMaps.shown(of: $0.maps[0].layers, most: settings.layers, wanted: $0.layer)
        }
        let rows = try views.enumerated().map { index, view in
            ImageGrid.Row(
                heading: view.model.name, note: "\(view.maps[0].layers) layers",
                cells: try shown[index].map { layer in
                    var cell = try cell(view, 0, question, layer, nil)
                    let sum = view.maps[0].alphas[question][layer].reduce(0, +)
                    cell.note = "layer \(layer) · \(Printed.number(Double(sum) * 100, 0)) %"
                    return cell
                })
        }
        return ImageGrid(
            caption:
                "“\(subject.questions[question].shortText)” through the layers, first to last. The "
                + "percentage is the part of the question’s attention that goes to the image at all; the "
                + "rest goes to text.",
            columns: [], rows: rows)
    }
}
