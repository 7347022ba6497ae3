import Foundation
import Models
import Records

/// What a training will take: what can be counted, and what a few of its steps took.
public struct TrainingPlan: Sendable, Equatable {
    /// Optimizer steps, samples seen, and their tokens, visual ones included.
    public var steps = 0, samples = 0, tokens = 0
    /// Parameters of the student, and those of them that learn.
    public var parameters = 0, trained = 0
    /// Weights of the student and of the teacher, gradients with those of replicas, and moments of AdamW,
    /// bytes.
    public var weightBytes = 0, teacherBytes = 0, gradientBytes = 0, momentBytes = 0
    /// Weights of both that are read where their files have them: no memory of the process's own.
    public var mappedBytes = 0
    /// A checkpoint, and the states that are there while it trains, bytes.
    public var checkpointBytes = 0, stateBytes = 0
    /// Checkpoints that are there at once, the result included.
    public var checkpoints = 1
    /// Steps that were made to measure it, and seconds of each.
    public var measured: [Int] = [], measuredSeconds: [Double] = []
    /// Seconds of all steps, as their tokens compare with those that were measured.
    public var seconds = 0.0
    /// Multiplications and additions of the measured steps' layers and heads, for each step of mean length;
    /// attention scores are left out.
    public var teraflop = 0.0
    /// Lanes of a step, and bytes that each of two processes would send in it.
    public var lanes = 1, exchangedBytes = 0

    public init() {}

    /// Bytes on disk at most.
    public var diskBytes: Int { checkpoints * checkpointBytes + stateBytes }

    /// What it needs of the disk, where it leaves checkpoints on its way; nil where it leaves none.
    public var diskNotice: String? {
        guard checkpoints > 1 else { return nil }
        return "\(checkpoints) checkpoints and the states take up to \(diskBytes >> 20) MiB of disk"
    }

    /// Fails where a disk has no room for what the training will leave.
    ///
    /// - Throws: `TrainingError.diskTooSmall`
    public func requireDisk(of folder: URL) throws {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder.path)
        guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.intValue, free < diskBytes else {
            return
        }
        throw TrainingError.diskTooSmall(folder: folder.path, needed: diskBytes, free: free)
    }

    /// Seconds on so many machines like this one, without what the network takes: a step waits for the
    /// process with the most lanes.
    public func seconds(processes: Int) -> Double {
        seconds * Double((lanes + processes - 1) / processes) / Double(max(1, lanes))
    }
}

extension Trainer {
    /// Makes some steps, the longest and some spread over the run, to see what they take. Afterwards the
    /// weights are those of no run: for a trainer that does nothing else. Nothing is written.
    ///
    /// - Parameter looks: steps beside the longest
    /// - Throws: as `run`
    public func planned(looks: Int = 3) throws -> TrainingPlan {
        let rows = try batches.rows()
        var plan = counted
        plan.tokens = rows.reduce(0) { $0 + $1.tokens }
        plan.samples = rows.reduce(0) { $0 + $1.samples }

        changing.lock()
        defer { changing.unlock() }
        let longest = rows.indices.max { rows[$0].tokens < rows[$1].tokens } ?? 0
        // The first step starts threads and touches every weight for the first time.
        var made = [try step(longest).metrics]
        let spread = Array(Set((0..<looks).map { ($0 * 2 + 1) * steps / (2 * looks) })).sorted()
        for number in spread { made.append(try step(number).metrics) }
        plan.measured = spread
        plan.measuredSeconds = made.dropFirst().map(\.seconds.total)
        let tokens = made.dropFirst().reduce(0) { $0 + $1.tokens }
        plan.seconds =
            plan.measuredSeconds.reduce(0, +) / Double(max(1, tokens)) * Double(plan.tokens)
        plan.teraflop = made.dropFirst().reduce(0) { $0 + work(of: $1) } / 1e12 / Double(max(1, spread.count))
        return plan
    }

    /// Bytes of the weights in the folder that the student was read from; nil without one.
    private var storedBytes: Int? {
        guard let folder = student.folder,
            let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        else { return nil }
        return names.filter { $0.hasSuffix(".safetensors") }.reduce(0) { sum, name in
            let file = folder.appendingPathComponent(name)
            return sum + ((try? file.resourceValues(forKeys: [.fileSizeKey]).fileSize) ?? 0)
        }
    }

    /// The part of a plan that the settings and the models say.
    public var counted: TrainingPlan {
        var plan = TrainingPlan()
        plan.steps = steps
        let trained = optimizer.parameters.reduce(0) { $0 + $1.value.count }
        let parameters = student.parameters().reduce(0) { $0 + $1.value.count }
        (plan.parameters, plan.trained) = (parameters, trained)
        let teacher = losses[0].teacher?.parameters() ?? []
        plan.weightBytes = student.parameters().reduce(0) { $0 + $1.heldBytes }
        plan.teacherBytes = teacher.reduce(0) { $0 + $1.heldBytes }
        plan.mappedBytes = (student.parameters() + teacher).reduce(0) { $0 + $1.mappedBytes }
        plan.gradientBytes = 4 * trained * losses.count
        plan.momentBytes = 8 * trained
        plan.checkpointBytes =
            settings.type.map { ($0 == .f32 ? 4 : 2) * parameters } ?? storedBytes ?? 4 * parameters
        // The state before it is kept, and a new one is written beside both.
        plan.stateBytes = 3 * 12 * trained
        // Those on the way that are kept, the best, and one that is being written.
        plan.checkpoints +=
            settings.checkpoint.every.map { min(settings.checkpoint.keep + 2, steps / $0 + 1) } ?? 0
        (plan.lanes, plan.exchangedBytes) = (settings.lanes, 4 * trained)
        return plan
    }

    /// Operations of a step: forward and backward of the student, forward of the teacher.
    package func work(of step: StepMetrics) -> Double {
        let heads = Double(step.supervisedTokens + step.candidateRows)
        let own = student.productWeights
        var work = 6 * (own.layers * Double(step.studentRows) + own.head * heads)
        if let teacher = losses[0].teacher, step.teacherRows > 0 {
            let other = teacher.productWeights
            work += 2 * (other.layers * Double(step.teacherRows) + other.head * heads)
        }
        return work
    }
}
