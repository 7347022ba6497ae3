import Foundation
import Text

/// Hand-made tokenizers, small enough to follow on paper.
enum TinyTokenizers {
    /// A tokenizer.json as a Foundation object, to be altered before it is read.
    typealias Object = [String: Any]

    static func read(_ object: Object) throws -> Tokenizer {
        let data = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
        return try Tokenizer(json: [UInt8](data), file: "tiny.json")
    }

    static func added(_ id: Int, _ content: String, _ flags: [String: Bool] = [:]) -> Object {
        var token: Object = [
            "id": id, "content": content, "special": false, "normalized": false, "lstrip": false,
            "rstrip": false,
            "single_word": false,
        ]
        for (name, value) in flags { token[name] = value }
        return token
    }

    /// Llama's form. IDs: 0 `<unk>`, 1 `<s>`, 2 `</s>`, 3 to 258 the bytes, 259 ▁, 260 t, 261 h, 262 e, 263
    /// th, 264 the, 265 ▁the, 266 ▁t.
    static func sentencePiece() -> Object {
        var vocabulary: [String: Int] = ["<unk>": 0, "<s>": 1, "</s>": 2]
        for byte in 0..<256 { vocabulary[String(format: "<0x%02X>", byte)] = 3 + byte }
        for (index, token) in ["▁", "t", "h", "e", "th", "the", "▁the", "▁t"].enumerated() {
            vocabulary[token] = 259 + index
        }
        return [
            "added_tokens": [
                added(0, "<unk>", ["special": true]), added(1, "<s>", ["special": true]),
                added(2, "</s>", ["special": true]),
            ],
            "normalizer": [
                "type": "Sequence",
                "normalizers": [
                    ["type": "Prepend", "prepend": "▁"],
                    ["type": "Replace", "pattern": ["String": " "], "content": "▁"],
                ],
            ],
            "pre_tokenizer": NSNull(),
            "post_processor": [
                "type": "TemplateProcessing",
                "single": [
                    ["SpecialToken": ["id": "<s>", "type_id": 0]], ["Sequence": ["id": "A", "type_id": 0]],
                ],
                "special_tokens": ["<s>": ["id": "<s>", "ids": [1], "tokens": ["<s>"]]],
            ],
            "decoder": [
                "type": "Sequence",
                "decoders": [
                    ["type": "Replace", "pattern": ["String": "▁"], "content": " "], ["type": "ByteFallback"],
                    ["type": "Fuse"], ["type": "Strip", "content": " ", "start": 1, "stop": 0],
                ],
            ],
            "model": [
                "type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
                "vocab": vocabulary,
                "merges": ["t h", "th e", "▁ the", "▁ t"],
            ],
        ]
    }

    /// Byte-level without merges but for "th" (256) and "Ġth" (257): every other byte is its own id. Written
    /// in the alphabet by the trainer, so that this file does not repeat it.
    static func byteLevel() throws -> Object {
        let bytes = try BPETrainer(vocabularySize: 259, minimumCount: 1).train(on: ["th th th", " th"])
        guard let object = try JSONSerialization.jsonObject(with: Data(bytes)) as? Object else {
            throw CocoaError(.coderInvalidValue)
        }
        return object
    }

    static func with(_ object: Object, _ key: String, _ value: Any) -> Object {
        var object = object
        object[key] = value
        return object
    }

    static func withModel(_ object: Object, _ key: String, _ value: Any?) -> Object {
        var model = object["model"] as? Object ?? [:]
        model[key] = value
        return with(object, "model", model)
    }
}
