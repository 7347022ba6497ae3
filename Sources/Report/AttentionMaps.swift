import Distillation
import Foundation
import Images
import Models
import Text

/// Maps of where a model's instruction looks in an image: alpha of Eq. 3 in every layer.
struct AttentionMaps {
    /// `[questions][layers][visual tokens]`
    let alphas: [[[Float]]]
    /// Patches along a side of the image.
    let side: Int
    /// The image as the model sees it.
    let image: RGBImage

    var layers: Int { alphas.first?.count ?? 0 }

    /// Asks one image several questions.
    ///
    /// - Parameters:
    ///   - picture: the image file
    ///   - background: the colour that a picture with clear parts is laid on
    ///   - questions: the user's texts
    /// - Throws: `ModelsError.noVision`, `ImageError`, `DistillationError`
    init(
        _ model: LlavaModel, _ tokenizer: Tokenizer, template: ConversationTemplate, picture: [UInt8],
        background: [UInt8]?, questions: [String]
    ) throws {
        guard let processor = model.imageProcessor else { throw ModelsError.noVision }
        let pixels = processor.process(
            try decodeImage(picture, name: "the image of a question", background: background))
        image = RGBImage(width: processor.size, height: processor.size, pixels: pixels)
        let samples = questions.enumerated().map { number, text in
            Self.sample(
                TokenizedConversation(
                    template.promptSegments(for: text, hasImage: true), tokenizer: tokenizer),
                visualTokens: model.visualTokensPerImage, number: number)
        }
        let maps = try saliencyOfEveryLayer(
            model, AlignmentBatch(samples: samples, images: .pixels(pixels)))
        side = Int(Double(model.visualTokensPerImage).squareRoot())
        // A tower that keeps its class token has one row more, the first.
        let extra = model.visualTokensPerImage - side * side
        alphas = maps.map { $0.map { Array($0.dropFirst(extra)) } }
    }

    /// A prompt without an answer.
    private static func sample(_ prompt: TokenizedConversation, visualTokens: Int, number: Int)
        -> AlignmentSample
    {
        let (ids, visual) = prompt.ids(visualTokens: visualTokens)
        let after = visual?.upperBound ?? ids.count
        return AlignmentSample(
            id: "question \(number + 1)", inputIDs: ids,
            labels: Array(repeating: TokenizedConversation.ignoreIndex, count: ids.count),
            instruction: (after..<ids.count).map { Int32($0) }, visual: visual,
            image: visual == nil ? nil : 0, key: UInt64(number))
    }

    /// Layers to show: all, or evenly spaced ones with `wanted` among them.
    static func shown(of layers: Int, most: Int, wanted: Int) -> [Int] {
        guard layers > most, most > 1 else { return Array(0..<layers) }
        var shown = Set((0..<most).map { $0 * (layers - 1) / (most - 1) })
        if !shown.contains(wanted),
            let nearest = shown.min(by: { (abs($0 - wanted), $0) < (abs($1 - wanted), $1) })
        {
            shown.remove(nearest)
            shown.insert(wanted)
        }
        return shown.sorted()
    }
}
