import Files
import Foundation
import Models
import Shards
import Text

/// A conversation whose questions a model is to answer.
struct AskedSample: Sendable {
    /// Of the record, over all files, from 0.
    let number: Int
    /// The file, and the record's place in it.
    let file, place: String
    let id: String
    /// Name of its picture in the image source.
    let image: String?
    let questions: [AskedQuestion]
}

/// A record of the data.
enum DataRecord: Sendable {
    case sample(AskedSample)
    /// One that cannot be asked about.
    case bad(number: Int, id: String, DrawnAnswers.BadSample)

    var number: Int {
        switch self {
        case .sample(let sample): sample.number
        case .bad(let number, _, _): number
        }
    }
}

/// Conversations in LLaVA's JSON, which are read from their files as often as they are needed.
struct ConversationData: Sendable {
    let files: [URL]
    let template: ConversationTemplate.Kind
    let settings: WritingSettings

    private struct LimitReached: Error {}

    /// Visits the records in order.
    ///
    /// - Parameter body: gets a record and its bytes
    /// - Throws: `ShardsError.badSample`, `FilesError` for a record that cannot be asked about, unless the
    ///   recipe says that such are skipped; what `body` throws
    func visit(_ body: (DataRecord, [UInt8]) throws -> Void) throws {
        var number = 0
        do {
            for url in files {
                try JSONRecords.forEach(of: url) { place, bytes in
                    if number == settings.limit { throw LimitReached() }
                    try body(record(bytes, number, url.path, "\(place)"), bytes)
                    number += 1
                }
            }
        } catch is LimitReached {}
    }

    private func record(_ bytes: [UInt8], _ number: Int, _ file: String, _ place: String) throws -> DataRecord
    {
        let read: LlavaSample
        do {
            read = try LlavaSample(json: bytes, index: number, place: "\(file): \(place)")
        } catch {
            guard settings.onBadSample == .skip else { throw error }
            return .bad(number: number, id: "", .init(kind: "malformed", reason: "\(error)"))
        }
        do throws(SampleProblem) {
            let questions = try AskedQuestion.all(of: read.turns, imageCount: read.image == nil ? 0 : 1)
            guard template != .plain || questions.count == 1 && questions[0].hasImage else {
                throw .unfitForTemplate("the plain template wants one human turn with <image>")
            }
            return .sample(
                AskedSample(
                    number: number, file: file, place: place, id: read.id, image: read.image,
                    questions: questions))
        } catch {
            guard settings.onBadSample == .skip else {
                throw ShardsError.badSample(file: file, place: place, id: read.id, reason: "\(error)")
            }
            return .bad(number: number, id: read.id, .init(kind: error.kind, reason: "\(error)"))
        }
    }
}
