import Foundation
import Tensors
import Testing

/// Checks the ranges against what has been taken so far.
private struct Taken {
    var ranges = FreeRanges()
    var held: [Range<Int>] = []
    var bytes = 0
    var mostBytes = 0

    mutating func take(_ count: Int) {
        let start = ranges.take(count)
        let range = start..<start + count
        #expect(!held.contains { $0.overlaps(range) }, "\(range) was taken already")
        held.append(range)
        bytes += count
        mostBytes = max(mostBytes, bytes)
    }

    mutating func giveBack(_ index: Int) {
        let range = held.remove(at: index)
        bytes -= range.count
        ranges.giveBack(range)
    }
}

@Suite struct ArenaTests {
    @Test func rangesNeverOverlapAndMergeWhenGivenBack() {
        var random = CounterRandom(7)
        var taken = Taken()
        for _ in 0..<4_000 {
            if taken.held.isEmpty || random.uniform() < 0.52 {
                taken.take(64 * (1 + Int(random.uniform() * 40)))
            } else {
                taken.giveBack(Int(random.uniform() * Double(taken.held.count)))
            }
            let free = taken.ranges.free
            #expect(zip(free, free.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
            #expect(taken.bytes + free.reduce(0) { $0 + $1.count } == taken.ranges.end)
        }
        while !taken.held.isEmpty { taken.giveBack(taken.held.count / 2) }
        #expect(taken.ranges.free == [0..<taken.ranges.end])
    }

    /// The sizes of a step: activations of layers forward, gradients backward, and what stays from step to
    /// step.
    @Test func aStepTakesNoMoreThanTheStepBeforeIt() {
        var taken = Taken()
        for weight in 0..<12 { taken.take(4096 * (1 + weight % 3)) }
        var ends: [Int] = []
        for _ in 0..<4 {
            for layer in 0..<24 {
                for size in [3, 1, 7, 2] { taken.take(1000 * size * 64 + layer % 2 * 64) }
                taken.giveBack(taken.held.count - 2)
            }
            while taken.held.count > 12 {
                taken.take(64_000)
                taken.giveBack(taken.held.count - 1)
                taken.giveBack(taken.held.count - 1)
            }
            ends.append(taken.ranges.end)
        }
        #expect(ends.allSatisfy { $0 == ends[0] }, "\(ends)")
        #expect(Double(ends[0]) <= 1.1 * Double(taken.mostBytes), "\(ends[0]) for \(taken.mostBytes) bytes")
    }

    @Test func tensorsOfSeveralThreadsKeepTheirValues() {
        parallelTasks(16) { task in
            var held: [(tensor: Tensor, value: Float)] = []
            var random = CounterRandom(11, UInt64(task))
            for step in 0..<300 {
                let value = Float(task * 1000 + step)
                let tensor = Tensor(uninitialized: [1 + Int(random.uniform() * 5000)])
                tensor.fill(value)
                #expect(Int(bitPattern: tensor.pointer) % 64 == 0)
                held.append((tensor, value))
                if held.count > 20 {
                    let (tensor, value) = held.remove(at: Int(random.uniform() * 20))
                    #expect(tensor.values.allSatisfy { $0 == value })
                }
            }
        }
    }

    @Test func aTensorOfNothingHasMemory() {
        let empty = (Tensor(uninitialized: [0, 4]), HalfTensor(uninitialized: [0]))
        #expect(empty.0.count == 0 && empty.1.count == 0)
    }
}
