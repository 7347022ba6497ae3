import AlignmentSupport
import Files
import Foundation
import Shards
import TestSupport
import Testing

/// measure-exposure itself, on data and models that fit and that do not.
@Suite struct ExposureProcessTests {
    private static let stage: URL? = {
        let path = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent("measure-exposure")
        return FileManager.default.isExecutableFile(atPath: path.path) ? path : nil
    }()

    private func run(_ folder: URL, students: [String], _ more: [String] = []) throws -> (
        status: Int32, output: String, errors: String
    ) {
        let process = Process()
        process.executableURL = Self.stage
        process.arguments =
            [
                "--teacher", tinyModel.appendingPathComponent("teacher").path, "--shards",
                folder.appendingPathComponent("shards").path, "--out",
                folder.appendingPathComponent("out").path,
                "--length", "6", "--set", "resamples=20",
            ] + students.flatMap { ["--student", $0] } + more
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        try process.run()
        let texts = [output, errors].map {
            String(decoding: $0.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        }
        process.waitUntilExit()
        return (process.terminationStatus, texts[0], texts[1])
    }

    @Test(.enabled(if: stage != nil, "measure-exposure is not built beside the tests"))
    func curvesOfTwoStudentsAreWrittenAndPrinted() throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            let student = tinyModel.appendingPathComponent("student").path
            let first = try run(folder, students: ["a=\(student)", "b=\(student)"])
            #expect(first.status == 0, "\(first.errors)")
            #expect(first.output.contains("%ExAccErr") && first.output.contains("12 samples"))
            let out = folder.appendingPathComponent("out")
            let document = try JSONValue(
                parsing: Array(Data(contentsOf: out.appendingPathComponent("exposure.json"))))
            #expect(document["format"] == "align-ti exposure 1" && document["length"] == 6)
            guard case .array(let students)? = document["students"] else {
                Issue.record("no students")
                return
            }
            // The same model under two names says the same.
            #expect(students.count == 2 && students[0]["e_test"] == students[1]["e_test"])
            let csv = try String(contentsOf: out.appendingPathComponent("exposure.csv"), encoding: .utf8)
            #expect(csv.split(separator: "\n").count == 1 + 2 * 6)
            let again = try run(folder, students: ["a=\(student)", "b=\(student)"])
            #expect(again.errors.contains("up to date") && again.output == first.output)
        }
    }

    @Test(.enabled(if: stage != nil, "measure-exposure is not built beside the tests"))
    func aStudentOfAnotherTokenizerIsRefusedByName() throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            let other = folder.appendingPathComponent("other")
            try FileManager.default.copyItem(at: tinyModel.appendingPathComponent("student"), to: other)
            try AtomicOutput.writeAtomically(
                #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}, "added_tokens": []}"#,
                to: other.appendingPathComponent("tokenizer.json"))
            let found = try run(folder, students: ["odd=\(other.path)"])
            #expect(found.status == 65 && found.errors.contains("odd") && found.errors.contains("tokenizer"))
        }
    }

    @Test(.enabled(if: stage != nil, "measure-exposure is not built beside the tests"))
    func whatIsMissingOrTooShortIsSaid() throws {
        try withTemporaryFolder { folder in
            _ = try tinyDataset(in: folder)
            let student = "a=" + tinyModel.appendingPathComponent("student").path
            let short = try run(folder, students: [student], ["--set", "minimum_response=50"])
            #expect(short.status == 65 && short.errors.contains("minimum_response"))
            #expect(try run(folder, students: [student, student]).status == 64)
            #expect(try run(folder, students: ["nameless"]).status == 64)
            try FileManager.default.removeItem(at: folder.appendingPathComponent("shards/index.json"))
            let empty = try run(folder, students: [student])
            #expect(empty.status == 65 && empty.errors.contains("index.json"))
        }
    }
}
