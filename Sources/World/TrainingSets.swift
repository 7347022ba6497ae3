import Files

/// The conversations of the training sets and of the held-out captions.
public struct TrainingSets: Sendable {
    public let captions, mixed, student, heldout: [Conversation]
    /// Images that the sets use, in the order of the archive.
    public let images: [ImageFile]

    public init(_ settings: WorldSettings) throws {
        let sampler = SceneSampler(settings)
        let clean = LabelNoise.none
        let noisy = LabelNoise(wrongAnswers: settings.wrongAnswers, wrongYesNo: settings.wrongYesNo)

        let teacher = try (0..<settings.teacherImages).map { try sampler.scene(.teacher, "train", $0) }
        let students = try (0..<settings.studentImages).map { try sampler.scene(.student, "train", $0) }
        let unseen = try (0..<settings.heldoutImages).map {
            try sampler.scene(.heldout, "train", $0, leastItems: settings.maximumItems - 1)
        }
        let files = [(Split.teacher, teacher), (.student, students), (.heldout, unseen)].map {
            split, scenes in
            scenes.enumerated().map { ImageFile(split, $0.offset, $0.element, settings) }
        }
        images = files.flatMap { $0 }

        captions = Self.rounds(settings.captionsPerImage, files[0], "captions", settings) {
            id, file, stream in
            .caption(id, file.name, file.scene, long: false, &stream)
        }
        func mixture(_ noise: LabelNoise) -> (String, ImageFile, inout RandomStream) -> Conversation {
            { id, file, stream in
                if stream.chance(settings.textOnlyShare) {
                    return .textOnly(id, turns: settings.turns, noise: noise, &stream)
                }
                if stream.chance(settings.captionShare) {
                    return .caption(id, file.name, file.scene, long: false, &stream)
                }
                return .questions(
                    id, file.name, file.scene, turns: settings.turns, openShare: settings.openShare,
                    noise: noise, &stream)
            }
        }
        mixed = Self.rounds(settings.mixedPerImage, files[0], "mixed", settings, mixture(clean))
        student = Self.rounds(settings.studentSamplesPerImage, files[1], "student", settings, mixture(noisy))
        heldout = Self.rounds(1, files[2], "heldout", settings) { id, file, stream in
            .caption(id, file.name, file.scene, long: true, &stream)
        }
    }

    /// Conversations in `count` rounds over the images: each round has one about every image.
    private static func rounds(
        _ count: Int, _ files: [ImageFile], _ name: String, _ settings: WorldSettings,
        _ make: (String, ImageFile, inout RandomStream) -> Conversation
    ) -> [Conversation] {
        (0..<count * files.count).map { index in
            var stream = RandomStream(seed: settings.seed, purpose: "conversation/\(name)", index: index)
            return make("\(name)-\(index)", files[index % files.count], &stream)
        }
    }

    /// Conversations as LLaVA's JSON array, one a line.
    public static func json(_ conversations: [Conversation]) -> [UInt8] {
        JSONValue.array(conversations.map(\.json)).lines
    }
}
