/// Part of a data set, as its publisher divides it.
public enum DataSplit: String, Sendable, Codable, CaseIterable {
    case train, val, test
}

/// A published data set, by the name of its manifest.
public enum DataSet: String, Sendable, CaseIterable {
    case vsr
    case scienceQA = "scienceqa"
    case textVQA = "textvqa"
    case vigc
    case iconQA = "iconqa"
    case visualDialog = "visual-dialog"
    case cocoCaptions = "coco-2017"
    case shareGPT4V = "sharegpt4v"
    case shareGPT4VPretraining = "sharegpt4v-pt"
    case sbu
    case ocrVQA = "ocr-vqa"
    case gqa
    case llavaPretraining = "llava-pretrain"
    case llavaMix = "llava-mix665k"
    case mobileVLMMix = "mobilevlm-v2-mix"
    case groceries

    /// The splits whose answers are published.
    public var splits: [DataSplit] {
        switch self {
        case .vsr, .scienceQA, .iconQA, .ocrVQA, .gqa: [.train, .val, .test]
        // Visual Dialog's val asks about photographs of its own, which are none of COCO's.
        case .textVQA, .cocoCaptions: [.train, .val]
        default: [.train]
        }
    }

    /// The split that a benchmark of this program asks about: who trains on it cannot be measured by it.
    public var benchmarkSplit: DataSplit? {
        switch self {
        case .scienceQA, .gqa: .test
        case .textVQA: .val
        default: nil
        }
    }

    /// The file of a set that is published as LLaVA conversations which pack-shards takes as they are; nil
    /// for a set that is converted.
    var readyFile: String? {
        switch self {
        case .llavaPretraining: "blip_laion_cc_sbu_558k.json"
        case .llavaMix: "llava_v1_5_mix665k.json"
        case .mobileVLMMix: "MobileVLM_V2_FT_Mix2M.json"
        case .groceries: "train.json"
        default: nil
        }
    }

    /// The converter of the set, once every file that it reads is found.
    ///
    /// - Parameter coco: the folder of `coco-2017`, for a set that names its photographs by number
    /// - Throws: `ConvertingError`
    func converter(
        of source: FetchedFolder, coco: FetchedFolder, _ settings: ConvertingSettings
    ) throws -> any Converter {
        switch self {
        case .vsr: try VSRStatements(source, settings)
        case .scienceQA: try ScienceQAProblems(source, settings)
        case .textVQA: try TextVQAQuestions(source, settings)
        case .iconQA: try IconQAProblems(source, settings)
        case .visualDialog: try VisualDialogs(source, coco: coco, settings)
        case .cocoCaptions: try CocoCaptions(source, settings)
        case .sbu: try SBUCaptions(source, settings)
        case .ocrVQA: try OCRVQABooks(source, settings)
        case .gqa: try GQAQuestions(source, settings)
        case .shareGPT4V:
            try LlavaConversations(
                source, "sharegpt4v_mix665k_cap23k_coco-ap9k_lcs3k_sam9k_div2k.json", settings)
        case .shareGPT4VPretraining:
            try LlavaConversations(source, "share-captioner_coco_lcs_sam_1246k_1107.json", settings)
        case .vigc: try LlavaConversations(source, "vigc.json", settings)
        case .llavaPretraining, .llavaMix, .mobileVLMMix, .groceries:
            throw ConvertingError.nothingToConvert(
                set: rawValue, file: source.url.appending(path: readyFile ?? "").path)
        }
    }
}
