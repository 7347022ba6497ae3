import Foundation
import Records
import TestSupport
import Testing
import Training

@Suite struct TensorBoardTests {
    private func metrics(_ step: Int, loss: Double) -> StepMetrics {
        var metrics = StepMetrics()
        (metrics.step, metrics.totalSteps, metrics.samples) = (step, 9, step)
        (metrics.loss, metrics.terms.sft, metrics.learningRate) = (loss, loss, 0.5)
        (metrics.gradientNorm, metrics.tokensPerSecond, metrics.residentBytes) = (1, 2, 3)
        return metrics
    }

    /// What `Event(wall_time=1.5, step=300, summary=Summary(value=[Value(tag="loss/sft",
    /// simple_value=0.25)])).SerializeToString()` of the package tensorboard (2.21) returns.
    @Test func anEventHasTheBytesOfTheProtocolBuffer() {
        #expect(
            TensorBoardEvent.scalars([("loss/sft", 0.25)], step: 300, wallSeconds: 1.5) == [
                0x09, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0x10, 0xAC, 0x02, 0x2A, 0x11, 0x0A, 0x0F, 0x0A, 0x08,
            ] + Array("loss/sft".utf8) + [0x15, 0, 0, 0x80, 0x3E])
        #expect(
            TensorBoardEvent.restart(step: 7, wallSeconds: 1.5) == [
                0x09, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0x10, 7, 0x3A, 2, 0x08, 1,
            ])
        #expect(
            TensorBoardEvent.fileVersion(wallSeconds: 0) == [0x09, 0, 0, 0, 0, 0, 0, 0, 0, 0x1A, 13]
                + Array("brain.Event:2".utf8))
    }

    /// The records of a file, without their frames.
    private func records(_ url: URL) throws -> [[UInt8]] {
        let bytes = [UInt8](try Data(contentsOf: url))
        var (at, found) = (0, [[UInt8]]())
        while at < bytes.count {
            let count = bytes[at..<at + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
            found.append(Array(bytes[at + 12..<at + 12 + count]))
            at += count + 16
        }
        return found
    }

    @Test func aResumedRunOpensAFileThatTellsWhatToForget() throws {
        try withTemporaryFolder { folder in
            let first = TensorBoardLog(run: folder, now: { 100 })
            for step in 0..<4 { try first.append(metrics(step, loss: 2)) }
            let second = TensorBoardLog(run: folder, now: { 100 })  // even in the same second
            for step in 2..<5 { try second.append(metrics(step, loss: 1)) }
            try second.synchronize()
            let files = try TensorBoardLog.files(of: folder)
            #expect(
                files == [
                    "tensorboard/events.out.tfevents.0000000100.000.align-ti",
                    "tensorboard/events.out.tfevents.0000000100.001.align-ti",
                ])
            let (old, new) = (
                try records(folder.appendingPathComponent(files[0])),
                try records(folder.appendingPathComponent(files[1]))
            )
            #expect(old.count == 1 + 4 && new.count == 2 + 3)
            #expect(old[0] == TensorBoardEvent.fileVersion(wallSeconds: 100) && new[0] == old[0])
            #expect(new[1] == TensorBoardEvent.restart(step: 2, wallSeconds: 100))
        }
    }

    @Test func aRunFromTheStartForgetsEarlierFiles() throws {
        try withTemporaryFolder { folder in
            try TensorBoardLog(run: folder, now: { 1 }).append(metrics(0, loss: 2))
            try TensorBoardLog(run: folder, now: { 2 }).append(metrics(0, loss: 2))
            #expect(
                try TensorBoardLog.files(of: folder) == [
                    "tensorboard/events.out.tfevents.0000000002.000.align-ti"
                ])
        }
    }
}
