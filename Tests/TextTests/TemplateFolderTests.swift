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

    @Test func aFolderNamesItsTemplateOrDoesNot() throws {
        try withTemporaryFolder { folder in
            #expect(try !ConversationTemplate.isNamed(in: folder))
            let config = folder.appendingPathComponent("tokenizer_config.json")
            try Data("{}".utf8).write(to: config)
            #expect(try !ConversationTemplate.isNamed(in: folder))
            try Data(#"{"chat_template": "<|im_start|>"}"#.utf8).write(to: config)
            #expect(try ConversationTemplate.isNamed(in: folder))
            try Data("{}".utf8).write(to: config)
            try ConversationTemplate(.vicuna).write(into: folder)
            #expect(try ConversationTemplate.isNamed(in: folder))
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
            ("tokenizer_config.json", #"{"chat_template": "{{ '[INST] <<SYS>>' }}"}"#, .llama2),
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
                // What it says without a system prompt is told by the next test.
                let system = kind == .chatml || kind == .llama3 ? "" : nil
                #expect(
                    try ConversationTemplate(nil, system: nil, endText: nil, of: folder)
                        == ConversationTemplate(kind, system: system), "\(name) \(text)")
                // A recipe decides what a published model is trained with.
                #expect(
                    try ConversationTemplate(.plain, system: nil, endText: nil, of: folder).kind == .plain)
            }
        }
    }

    /// Lines as published models have them.
    @Test(arguments: [
        (
            // SmolLM2
            #"{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a "#
                + #"helpful AI assistant named SmolLM<|im_end|>\n' }}{% endif %}"#,
            "You are a helpful AI assistant named SmolLM"
        ),
        (
            // Qwen3
            #"{%- if messages[0].role == 'system' %}{{- '<|im_start|>system\n' + messages[0].content + "#
                + #"'<|im_end|>\n' }}{%- endif %}"#,
            ""
        ),
        (
            // Qwen2.5, with tools and without
            #"{{- '<|im_start|>system\n' }}{{- 'You are Qwen.' }}{{- "\n\n# Tools" }}{%- else %}"#
                + #"{{- '<|im_start|>system\nYou are Qwen.<|im_end|>\n' }}"#,
            "You are Qwen."
        ),
        (
            // Qwen2.5-Math
            #"{{- '<|im_start|>system\nPlease put your answer within \\boxed{}.<|im_end|>\n' }}"#,
            #"Please put your answer within \boxed{}."#
        ),
        (
            // LLaMA-Factory
            #"{% set system_message = 'You are a helpful assistant.' %}{% if messages[0]['role'] == "#
                + #"'system' %}{% set system_message = messages[0]['content'] %}{% endif %}"#
                + #"{% if system_message is defined %}{{ '<|im_start|>system\n' + system_message + "#
                + #"'<|im_end|>\n' }}{% endif %}"#,
            "You are a helpful assistant."
        ),
        (
            // set in the other branch, without spaces
            #"{% if messages[0].role == 'system' %}{% set said = messages[0].content %}{% else %}"#
                + #"{% set said="Be brief." %}{% endif %}"#
                + #"{{ '<|im_start|>system\n' + said + '<|im_end|>\n' }}"#,
            "Be brief."
        ),
        (#"{{ "<|im_start|>system\nIt's {me}.<|im_end|>\n" }}{# 'no } #}"#, "It's {me}."),
        (#"{{ '<|im_start|>system\nIt\'s me.\nBe "brief".<|im_end|>\n' }}"#, "It's me.\nBe \"brief\"."),
        ("<|im_start|>system\nAs it stands<|im_end|>\n{{ '<|im_start|>user\\n' }}", "As it stands"),
        // llava-interleave-qwen
        ("{{'<|im_start|>' + message['role'] + ' '}}<|im_end|>\n", ""),
        ("<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n", ""),
        ("{{ '<|start_header_id|>system<|end_header_id|>\\n\\nBe brief.<|eot_id|>' }}", "Be brief."),
    ])
    func aPublishedTemplatesOwnSystemPromptCounts(text: String, system: String) throws {
        try withTemporaryFolder { folder in
            try Data(text.utf8).write(to: folder.appendingPathComponent("chat_template.jinja"))
            func template(_ said: String?) throws -> ConversationTemplate {
                try ConversationTemplate(nil, system: said, endText: nil, of: folder)
            }
            #expect(try template(nil).system == system)
            #expect(try template("Mine.").system == "Mine.")
            #expect(
                try ConversationTemplate(.chatml, system: nil, endText: nil, of: folder)
                    == ConversationTemplate(.chatml), "a recipe that names a template means ours")
        }
    }

    @Test func theImageTokenOfTheModelStandsInItsTemplate() throws {
        try withTemporaryFolder { folder in
            try ConversationTemplate(.chatml).write(into: folder, imageToken: "<|img|>")
            let text = try String(
                contentsOf: folder.appendingPathComponent("chat_template.jinja"), encoding: .utf8)
            #expect(text.contains(#"{{ "<|img|>" }}"#) && !text.contains("<image>"))
        }
    }

    @Test func anotherChatTemplateIsNamed() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("chat_template.jinja")
            for (text, found) in [
                ("<start_of_turn>", "none that is known"),
                ("{{ '<|im_start|>user<|im_sep|>' + m + '<|im_end|>' }}", "Phi's"),
                (
                    "{{ '<|start_header_id|>system<|end_header_id|>\\n\\n' + 'Cutting Knowledge Date: ' }}",
                    "Llama 3.1's, which tells the date"
                ),
            ] {
                try Data(text.utf8).write(to: file)
                #expect(
                    throws: TextError.unsupported(
                        file: file.path, field: "chat_template", found: found,
                        supported: "chatml, llama_3, llama_2, vicuna; choose with the setting template")
                ) { try ConversationTemplate(nil, system: nil, endText: nil, of: folder) }
            }
        }
    }

    /// Mistral's has no system prompt, and LLaVA trains it with none; Llama 2's takes LLaVA's.
    @Test func llama2WithoutAPlaceForASystemPromptHasNone() throws {
        try withTemporaryFolder { folder in
            let file = folder.appendingPathComponent("chat_template.jinja")
            for (text, system) in [
                ("{{ '[INST] ' + m + ' [/INST]' }}", ""),
                ("{{ '[INST] <<SYS>>' }}", ConversationTemplate(.llama2).system),
            ] {
                try Data(text.utf8).write(to: file)
                let found = try ConversationTemplate(nil, system: nil, endText: nil, of: folder)
                #expect(found.kind == .llama2 && found.system == system)
            }
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
