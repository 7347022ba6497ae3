import Foundation
import TestSupport
import Testing
import Text

struct TemplateFolderTests {
    private static let templates = [
        ConversationTemplate(.vicuna), ConversationTemplate(.vicuna, system: "", endText: "</s>"),
        ConversationTemplate(.chatml, system: "a|b:3\nü"), ConversationTemplate(.llama2),
        ConversationTemplate(.llama3), ConversationTemplate(.plain),
    ]

    @Test func anIdentityIsATemplateAgain() {
        for template in Self.templates {
            #expect(ConversationTemplate(identity: template.identity) == template)
        }
        for broken in ["", "template 2|vicuna|0:|0:", "template 1|vicuna|9:|0:", "template 1|x|0:|0:"] {
            #expect(ConversationTemplate(identity: broken) == nil, "\(broken)")
        }
    }

    @Test func whatAModelWasTrainedWithIsUsedAndHeldTo() throws {
        let trained = ConversationTemplate(.chatml, system: "S", endText: "<|end|>")
        try withTemporaryFolder { folder in
            try trained.write(into: folder)
            #expect(try ConversationTemplate(nil, system: nil, endText: nil, of: folder) == trained)
            #expect(try ConversationTemplate(.chatml, system: "S", endText: nil, of: folder) == trained)
            let place = folder.appendingPathComponent("conversation.json").path
            #expect(
                throws: TextError.badSetting(
                    name: "template", found: "'vicuna'",
                    expected: "'chatml', which the model was trained with (\(place)); leave the setting out")
            ) { try ConversationTemplate(.vicuna, system: nil, endText: nil, of: folder) }
            #expect(throws: TextError.self) {
                try ConversationTemplate(.chatml, system: nil, endText: "</s>", of: folder)
            }
        }
    }

    /// A published model's own template must not stand beside the one that was trained.
    @Test func noOtherTemplateIsLeftBeside() throws {
        try withTemporaryFolder { folder in
            let config = folder.appendingPathComponent("tokenizer_config.json")
            let old = folder.appendingPathComponent("chat_template.json")
            try Data(#"{"eos_token": "</s>", "chat_template": "<|im_start|>", "scale": 1.0}"#.utf8).write(
                to: config)
            try Data("{}".utf8).write(to: old)
            try ConversationTemplate(.vicuna).write(into: folder)
            #expect(!FileManager.default.fileExists(atPath: old.path))
            let left = String(decoding: try Data(contentsOf: config), as: UTF8.self)
            #expect(left == "{\n  \"eos_token\": \"</s>\",\n  \"scale\": 1.0\n}\n")
        }
    }

    @Test func projectorPretrainingIsNoConversation() throws {
        try withTemporaryFolder { folder in
            try ConversationTemplate(.plain).write(into: folder)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        }
    }

    @Test func aPublishedChatTemplateIsKnownByItsMarkup() throws {
        for (name, text, kind) in [
            ("chat_template.jinja", "{{ '<|im_start|>' + m }}", ConversationTemplate.Kind.chatml),
            ("chat_template.json", #"{"chat_template": "<|start_header_id|>"}"#, .llama3),
            ("tokenizer_config.json", #"{"chat_template": "{{ '[INST] ' }}"}"#, .llama2),
            (
                "tokenizer_config.json",
                #"{"chat_template": [{"name": "tool", "template": "x"}, "#
                    + #"{"name": "default", "template": "USER: ASSISTANT:"}]}"#,
                .vicuna
            ),
            ("tokenizer_config.json", "{}", .vicuna),
        ] {
            try withTemporaryFolder { folder in
                try Data(text.utf8).write(to: folder.appendingPathComponent(name))
                #expect(
                    try ConversationTemplate(nil, system: nil, endText: nil, of: folder)
                        == ConversationTemplate(kind), "\(name) \(text)")
                // A recipe decides what a published model is trained with.
                #expect(
                    try ConversationTemplate(.plain, system: nil, endText: nil, of: folder).kind == .plain)
            }
        }
    }

    @Test func anotherChatTemplateIsNamed() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("chat_template.jinja")
            try Data("<start_of_turn>".utf8).write(to: file)
            #expect(
                throws: TextError.unsupported(
                    file: file.path, field: "chat_template", found: "none that is known",
                    supported: "chatml, llama_3, llama_2, vicuna; choose with the setting template")
            ) { try ConversationTemplate(nil, system: nil, endText: nil, of: folder) }
        }
    }

    @Test func aDialogueIsTheConversationSoFar() throws {
        let turns = [
            ConversationTurn(.human, "<image>\nWhat?"), .init(.gpt, "A cat."), .init(.human, "Sure?"),
            .init(.gpt, "Yes"),
        ]
        let history = [Exchange(hasImage: true, question: "What?", answer: "A cat.")]
        for template in Self.templates where template.kind != .plain {
            let whole = try template.segments(turns, imageCount: 1)
            let prompt = template.promptSegments(after: history, for: "Sure?", hasImage: false)
            #expect(Array(whole.dropLast()) == prompt, "\(template.kind)")
        }
    }
}
