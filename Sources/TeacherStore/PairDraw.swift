import Tensors

/// Pairs of different items in random order, none of them twice: a shuffle of all pairs of which only what is
/// drawn is made (Durstenfeld 1964).
package struct PairDraw {
    private let items: Int
    private var random: CounterRandom
    private var drawn = 0
    /// Pairs that were swapped away from their place.
    private var moved: [Int: Int] = [:]

    /// - Parameter items: how many there are to draw from
    package init(of items: Int, _ random: CounterRandom) { (self.items, self.random) = (items, random) }

    /// The numbers of two items, the smaller first; nil when every pair has been drawn.
    package mutating func next() -> (Int, Int)? {
        let pairs = items * (items - 1) / 2
        guard drawn < pairs else { return nil }
        let place = drawn + Int(random.next() % UInt64(pairs - drawn))
        let number = moved[place] ?? place
        moved[place] = moved[drawn] ?? drawn
        moved[drawn] = nil
        drawn += 1
        // Pairs are numbered (0, 1), (0, 2), (1, 2), (0, 3) ...
        var larger = Int((Double(8 * number + 1).squareRoot() + 1) / 2)
        while larger * (larger - 1) / 2 > number { larger -= 1 }
        while (larger + 1) * larger / 2 <= number { larger += 1 }
        return (number - larger * (larger - 1) / 2, larger)
    }
}
