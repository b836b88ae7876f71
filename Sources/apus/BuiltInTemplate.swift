// Chat templates by name, for models whose file has none: the conversation formats that published
// models were trained with, written in Jinja.

import Foundation

enum BuiltInTemplate {
  /// The names that `--chat-template` takes.
  static var names: [String] { sources.keys.sorted() }

  /// The template that `argument` means: a name, else a file.
  static func source(of argument: String) throws(CommandError) -> String {
    if let source = sources[argument] { return source }
    guard FileManager.default.fileExists(atPath: argument) else {
      throw CommandError(
        .unreadableFile,
        "there is neither a file nor a built-in chat template '\(argument)'; the built-in ones "
          + "are \(names.joined(separator: ", "))")
    }
    return try InputFile.text(argument)
  }

  private static let sources = [
    "chatml": """
    {%- for message in messages -%}
    {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' -}}
    {%- endfor -%}
    {%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}
    """,

    // The system's text stands before the first question.
    "gemma": """
    {{- bos_token -}}
    {%- set lead = namespace(text='') -%}
    {%- for message in messages -%}
    {%- if message.role == 'system' -%}
    {%- set lead.text = lead.text + message.content + '\\n\\n' -%}
    {%- else -%}
    {%- set role = 'model' if message.role == 'assistant' else message.role -%}
    {{- '<start_of_turn>' + role + '\\n' + lead.text + message.content | trim -}}
    {{- '<end_of_turn>\\n' -}}
    {%- set lead.text = '' -%}
    {%- endif -%}
    {%- endfor -%}
    {%- if add_generation_prompt -%}{{- '<start_of_turn>model\\n' -}}{%- endif -%}
    """,

    "llama2": """
    {%- set lead = namespace(text='') -%}
    {%- for message in messages -%}
    {%- if message.role == 'system' -%}
    {%- set lead.text = '<<SYS>>\\n' + message.content + '\\n<</SYS>>\\n\\n' -%}
    {%- elif message.role == 'assistant' -%}
    {{- ' ' + message.content + ' ' + eos_token -}}
    {%- else -%}
    {{- bos_token + '[INST] ' + lead.text + message.content + ' [/INST]' -}}
    {%- set lead.text = '' -%}
    {%- endif -%}
    {%- endfor -%}
    """,

    "llama3": """
    {{- bos_token -}}
    {%- for message in messages -%}
    {{- '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' -}}
    {{- message.content | trim + '<|eot_id|>' -}}
    {%- endfor -%}
    {%- if add_generation_prompt -%}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}
    {%- endif -%}
    """,

    "mistral": """
    {{- bos_token -}}
    {%- set lead = namespace(text='') -%}
    {%- for message in messages -%}
    {%- if message.role == 'system' -%}
    {%- set lead.text = message.content + '\\n\\n' -%}
    {%- elif message.role == 'assistant' -%}
    {{- ' ' + message.content + eos_token -}}
    {%- else -%}
    {{- '[INST] ' + lead.text + message.content + ' [/INST]' -}}
    {%- set lead.text = '' -%}
    {%- endif -%}
    {%- endfor -%}
    """,

    "phi3": """
    {%- for message in messages -%}
    {{- '<|' + message.role + '|>\\n' + message.content + '<|end|>\\n' -}}
    {%- endfor -%}
    {%- if add_generation_prompt -%}{{- '<|assistant|>\\n' -}}{%- endif -%}
    """,

    "zephyr": """
    {%- for message in messages -%}
    {{- '<|' + message.role + '|>\\n' + message.content + eos_token + '\\n' -}}
    {%- endfor -%}
    {%- if add_generation_prompt -%}{{- '<|assistant|>\\n' -}}{%- endif -%}
    """,
  ]
}
