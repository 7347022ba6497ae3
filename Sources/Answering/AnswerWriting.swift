import Files
import Foundation
import Models
import Ranks
import Shards

/// A model that answers the questions of conversations, and the answers as training data.
///
/// ```
/// let writing = try AnswerWriting(data: files, images: folder, prompts: prompts, settings)
/// let drawn = try DrawnFile(output.appendingPathComponent(DrawnFile.name), writing)
/// try writing.answer(from: drawn.samples, by: model, waitingIn: output) { try drawn.append($0) }
/// let counts = try writing.write(drawn, to: output.appendingPathComponent(AnswerWriting.file))
/// ```
public struct AnswerWriting: Sendable {
    /// The conversations that are written, in LLaVA's JSON.
    public static let file = "answers.json"

    let data: ConversationData
    let settings: WritingSettings
    private let images: URL?
    private let prompts: ConversationPrompts
    /// The names of pictures, and of each record which of them it has; -1 for none.
    private let pictures: [String]
    private let picture: [Int32]
    /// Records of the data.
    public var samples: Int { picture.count }

    /// Reads the data and checks every record of it.
    ///
    /// - Parameters:
    ///   - data: LLaVA JSON or JSON Lines files, answered in this order
    ///   - images: a folder or an archive; nil when no sample has a picture
    /// - Throws: `ShardsError.badSample`, `.noImageSource`, `FilesError`, `ModelsError.noVision`
    public init(
        data files: [URL], images: URL?, prompts: ConversationPrompts, _ settings: WritingSettings
    ) throws {
        (self.images, self.prompts, self.settings) = (images, prompts, settings)
        data = ConversationData(files: files, template: prompts.template.kind, settings: settings)
        var pictures: [String] = []
        var picture: [Int32] = []
        var numbers: [ExactKey: Int32] = [:]
        try data.visit { record, _ in
            guard case .sample(let sample) = record, let name = sample.image else {
                return picture.append(-1)
            }
            guard images != nil else {
                throw ShardsError.noImageSource(file: sample.file, place: sample.place, image: name)
            }
            guard prompts.configuration.vision != nil else { throw ModelsError.noVision }
            let key = ExactKey(name)
            let number = numbers[key] ?? Int32(clamping: pictures.count)
            if numbers.updateValue(number, forKey: key) == nil { pictures.append(name) }
            picture.append(number)
        }
        guard !picture.isEmpty else { throw ShardsError.noSamples(files: files.map(\.path), skipped: 0) }
        (self.pictures, self.picture) = (pictures, picture)
    }

    /// Answers what has no answers yet and hands the lines on, in order, in the first process alone. Several
    /// processes answer some of the next samples each, and then exchange.
    ///
    /// - Parameters:
    ///   - start: samples that have their answers
    ///   - folder: where the pictures of an archive wait meanwhile
    ///   - beforeStep: called before every pass; it may throw to stop
    ///   - answered: receives all lines of some samples
    public func answer(
        from start: Int, by model: LlavaModel, waitingIn folder: URL, ranks: Ranks = .alone,
        beforeStep: () throws -> Void = {}, answered: ([DrawnAnswers]) throws -> Void
    ) throws {
        guard start < samples else { return }
        let unit = settings.samplesAtOnce
        let own = (start..<samples).filter { ($0 - start) / unit % ranks.count == ranks.rank }
        let wanted = Set(own.map { picture[$0] }.filter { $0 >= 0 }).sorted().map { pictures[Int($0)] }
        let files = try PictureFiles(images, wanted: wanted, waitingIn: folder)
        if settings.onBadSample == .fail { try refuseMissing(files, own) }
        let answerer = SampleAnswerer(model: model, prompts: prompts, settings: settings, pictures: files)
        var round: [DataRecord] = []
        func finishRound() throws {
            let own = round.dropFirst(ranks.rank * unit).prefix(unit)
            let lines = try answerer.answer(Array(own), beforeStep: beforeStep)
            let all = try ranks.collect(lines).flatMap { $0 }
            if ranks.isFirst { try answered(all) }
            round.removeAll(keepingCapacity: true)
        }
        try data.visit { record, _ in
            guard record.number >= start else { return }
            round.append(record)
            if round.count == unit * ranks.count { try finishRound() }
        }
        if !round.isEmpty { try finishRound() }
    }

    /// A missing picture is an error before the first answer and not when its turn comes.
    private func refuseMissing(_ files: PictureFiles, _ own: [Int]) throws {
        guard
            let number = own.first(where: { number in
                picture[number] >= 0 && files.problem(of: pictures[Int(picture[number])]) != nil
            })
        else { return }
        try data.visit { record, _ in
            guard case .sample(let sample) = record, sample.number == number, let name = sample.image,
                let problem = files.problem(of: name)
            else { return }
            throw ShardsError.badSample(
                file: sample.file, place: sample.place, id: sample.id, reason: problem.reason)
        }
    }
}
