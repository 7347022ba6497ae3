import Files
import Foundation
import Records
import TestSupport
import Testing

@Suite struct ReceiptTests {
    /// A receipt of format 1 as train-student has written it, with camelCase keys.
    private let old = Fixtures.repository.appendingPathComponent("Tests/Fixtures/receipts/format-1.json")

    private func inFolder(_ text: String, _ body: (URL) throws -> Void) throws {
        try withTemporaryFolder { folder in
            try AtomicOutput.writeAtomically(text, to: folder.appendingPathComponent(Receipt.fileName))
            try body(folder)
        }
    }

    @Test func receiptsOfFormatOneAreRead() throws {
        try inFolder(String(contentsOf: old, encoding: .utf8)) { folder in
            let receipt = try #require(try Receipt.read(in: folder))
            #expect(receipt.format == "align-ti receipt 1" && receipt.stage == "train-student")
            #expect(
                receipt.outputDigest == "d1a06ac2d54c4f163eae639168435e7fff5f40928086c63d046d1c578c38a9d5")
            #expect(receipt.blasCore == "Cooperlake" && receipt.finishedAt == "2026-11-28T16:12:41Z")
            #expect(receipt.outputs.filter(\.isVolatile).map(\.path) == ["metrics.jsonl"])
            // Keys of recipes and counts are the stage's own and stay as they are.
            #expect(receipt.counts["student_rows"] == 5_058_583 && receipt.recipe["weights"]?["kd"] == 1)
            let cost = try RunCost(name: "align-ti", folder: folder)
            #expect(cost.objective == "sft+iva+kd+tpa" && cost.studentRowsPerSample == 5_058_583.0 / 48000)
        }
    }

    @Test func anAlteredReceiptOfEitherFormatIsRefused() throws {
        let text = try String(contentsOf: old, encoding: .utf8)
        try inFolder(text.replacingOccurrences(of: "5058583", with: "5058584")) { folder in
            #expect(
                throws: FilesError.corrupt(
                    path: folder.appendingPathComponent(Receipt.fileName).path, offset: nil,
                    problem: "it was altered: its own digest does not fit")
            ) { try Receipt.read(in: folder) }
        }
        // The digest of a format has that format's name.
        try inFolder(text.replacingOccurrences(of: "receipt 1", with: "receipt 2")) { folder in
            #expect(throws: FilesError.self) { try Receipt.read(in: folder) }
        }
        try inFolder(#"{"format": "align-ti receipt 3"}"#) { folder in
            #expect(
                throws: RecordError.otherFormat(
                    file: folder.appendingPathComponent(Receipt.fileName).path,
                    found: "\"align-ti receipt 3\"", expected: "align-ti receipt 2")
            ) { try Receipt.read(in: folder) }
        }
    }

    @Test func whatIsWrittenIsSnakeCaseAndReadAgain() throws {
        try withTemporaryFolder { folder in
            let receipt = Receipt(
                stage: "pack-shards", recipe: ["maxLength": 3, "max_length": 4],
                inputs: [.init(name: "data", path: "/d", sha256: "ab")],
                outputs: [.init(path: "log.txt", bytes: 3, sha256: "cd", isVolatile: true)],
                counts: ["samplesSeen": 2], codeVersion: "v", blasCore: nil, threads: 2, wallSeconds: 1.5,
                cpuSeconds: 2.5, peakResidentBytes: 7)
            try receipt.write(in: folder)
            #expect(try Receipt.read(in: folder) == receipt)
            let file = folder.appendingPathComponent(Receipt.fileName)
            guard case .object(let document) = try JSONValue(parsing: InputBytes.read(file)) else {
                Issue.record("no object")
                return
            }
            #expect(
                document.members.map(\.name) == [
                    "code_version", "counts", "cpu_seconds", "finished_at", "format", "inputs",
                    "output_digest", "outputs", "peak_resident_bytes", "receipt_digest", "recipe", "stage",
                    "threads", "wall_seconds",
                ])
            #expect(
                document["outputs"] == [["path": "log.txt", "bytes": 3, "sha256": "cd", "is_volatile": true]])
            #expect(document["recipe"] == ["maxLength": 3, "max_length": 4])
        }
    }
}
