import Files

extension ConversationTemplate {
    /// The template in the language of Hugging Face's chat templates: of messages whose content is a text, or
    /// a list of parts of type image or text, it makes the text that the model was trained on, the image
    /// first in its turn.
    func jinja(imageToken: String) -> String {
        let system = JSONText.quote(system)
        let end = JSONText.quote(endText)
        let image = JSONText.quote(imageToken)
        let content = #"""
            {%- macro said(message) -%}
            {%- if message['content'] is string -%}{{ message['content'] }}
            {%- else -%}
            {%- set pictures = message['content'] | selectattr('type', 'equalto', 'image') | list -%}
            {%- set texts = message['content'] | selectattr('type', 'equalto', 'text') | list -%}
            {%- for picture in pictures -%}{{ \#(image) }}{%- endfor -%}
            {%- if pictures and texts -%}{{ '\n' }}{%- endif -%}
            {%- for part in texts -%}{{ part['text'] }}{%- endfor -%}
            {%- endif -%}
            {%- endmacro -%}

            """#
        let opening = """
            {%- if messages[0]['role'] == 'system' -%}
            {%- set system, turns = said(messages[0]), messages[1:] -%}
            {%- else -%}
            {%- set system, turns = \(system), messages -%}
            {%- endif -%}

            """
        return content + opening + turns(end: end)
    }

    /// What is written of the system prompt and of every turn.
    private func turns(end: String) -> String {
        let (first, user, assistant, prompt) = parts(end: end)
        return """
            \(first){%- for message in turns -%}
            {%- if message['role'] == 'user' -%}
            \(user)
            {%- elif message['role'] == 'assistant' -%}
            \(assistant)
            {%- else -%}
            {{ raise_exception('a role that is neither user nor assistant: ' + message['role']) }}
            {%- endif -%}
            {%- endfor -%}
            \(prompt)
            """
    }

    private func parts(end: String) -> (first: String, user: String, assistant: String, prompt: String) {
        switch kind {
        case .vicuna:
            (
                "{{ system + ' ' }}", "{{ 'USER: ' + said(message) + ' ASSISTANT:' }}",
                "{{ ' ' + said(message) + \(end) }}", ""
            )
        case .plain: ("", "{{ said(message) }}", "{{ said(message) + \(end) }}", "")
        case .chatml:
            (
                #"{%- if system -%}{{ '<|im_start|>system\n' + system + '<|im_end|>\n' }}{%- endif -%}"#,
                #"{{ '<|im_start|>user\n' + said(message) + '<|im_end|>\n' }}"#,
                #"{{ '<|im_start|>assistant\n' + said(message) + "# + end + #" + '\n' }}"#,
                #"{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n' }}{%- endif -%}"#
            )
        case .llama2:
            (
                "",
                #"{{ ('[INST] ' if loop.first else bos_token + '[INST] ') }}"#
                    + #"{%- if loop.first and system -%}"#
                    + #"{{ '<<SYS>>\n' + system + '\n<</SYS>>\n\n' }}{%- endif -%}"#
                    + #"{{ said(message) + ' [/INST]' }}"#,
                "{{ ' ' + said(message) + ' ' + \(end) }}", ""
            )
        case .llama3:
            (
                "{%- if system -%}"
                    + #"{{ '<|start_header_id|>system<|end_header_id|>\n\n' + system + '<|eot_id|>' }}"#
                    + "{%- endif -%}",
                #"{{ '<|start_header_id|>user<|end_header_id|>\n\n' + said(message) + '<|eot_id|>' }}"#,
                #"{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' + said(message) + "# + end + " }}",
                "{%- if add_generation_prompt -%}"
                    + #"{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif -%}"#
            )
        }
    }
}
