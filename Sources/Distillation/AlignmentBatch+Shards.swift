import Shards

extension AlignmentBatch {
    /// The given samples of a data set with their distinct images.
    ///
    /// - Throws: `ShardsError` where a shard is damaged
    public init(_ dataset: ShardDataset, numbers: [Int]) throws {
        struct Picture: Hashable {
            let shard, image: Int
        }
        var places: [Picture: Int] = [:]
        var pixels: [UInt8] = []
        let imageBytes = dataset.description.imageProcessor.samples
        let samples = try numbers.map { number in
            let (shardNumber, row) = dataset.location(of: number)
            let shard = try dataset.shard(shardNumber)
            let sample = shard.sample(row)
            var image: Int?
            if let index = sample.imageIndex {
                let picture = Picture(shard: shardNumber, image: index)
                if places[picture] == nil {
                    places[picture] = places.count
                    try shard.withPixels(image: index) {
                        pixels += UnsafeBufferPointer(start: $0, count: imageBytes)
                    }
                }
                image = places[picture]
            }
            return AlignmentSample(
                id: sample.id, inputIDs: sample.inputIDs, labels: sample.labels,
                instruction: sample.instructionMask.indices.filter { sample.instructionMask[$0] != 0 }.map {
                    Int32($0)
                },
                visual: sample.visualRange, image: image, key: UInt64(number))
        }
        self.init(samples: samples, images: places.isEmpty ? .none : .pixels(pixels))
    }
}
