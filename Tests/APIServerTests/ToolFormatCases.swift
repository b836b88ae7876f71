// Answers as models of each kind write them, with the template that says which kind it is: the real
// one where it is a file, or what is told apart by.

import TestSupport

extension ToolCase {
  /// A case whose template is a real one, beside the marks that stand in for it where the files are
  /// absent.
  static func of(
    _ name: String, _ template: String, _ output: String, text: String? = nil,
    calls: [[String]] = [], reasoning: String? = nil, isCutOff: Bool = false
  ) -> ToolCase {
    ToolCase(
      name: name, template: "{% if tools %}" + template + "{% endif %}", output: output, text: text,
      calls: calls, reasoning: reasoning, isCutOff: isCutOff)
  }

  private static let elements = "<tool_call><function=x><parameter=y>"

  static let formats: [ToolCase] = [
    .of(
      "Mistral with names and ids", "[TOOL_CALLS][CALL_ID][ARGS]",
      "[TOOL_CALLS]weather[CALL_ID]abcdefghi[ARGS]{\"city\": \"Bern\"}"
        + "[TOOL_CALLS]time[ARGS]{}",
      calls: [["weather", "{\"city\": \"Bern\"}"], ["time", "{}"]]),
    .of(
      "Mistral that thinks", "[TOOL_CALLS][ARGS][THINK]",
      "[THINK]Rain?[/THINK]Let me see.[TOOL_CALLS]weather[ARGS]{\"city\":\"Bern\"}",
      text: "Let me see.", calls: [["weather", "{\"city\":\"Bern\"}"]], reasoning: "Rain?"),
    .of(
      "Mistral, no such function", "[TOOL_CALLS][ARGS]", "[TOOL_CALLS]rm[ARGS]{}",
      text: "[TOOL_CALLS]rm[ARGS]{}"),
    .of(
      "Gemma", "<|tool_call>",
      "<|tool_call>call:weather{city:<|\"|>Be\"rn<|\"|>,days:[1,2],deep:{on:true,x:null}}"
        + "<tool_call|>",
      calls: [
        ["weather", "{\"city\":\"Be\\\"rn\",\"days\":[1,2],\"deep\":{\"on\":true,\"x\":null}}"]
      ]),
    .of(
      "Gemma, two calls", "<|tool_call>",
      "On it.<|tool_call>call:time{}<tool_call|><|tool_call>call:weather{city:<|\"|><a|b<|\"|>}"
        + "<tool_call|>",
      text: "On it.", calls: [["time", "{}"], ["weather", "{\"city\":\"<a|b\"}"]]),
    .of(
      "Gemma that thinks", "<|tool_call><|channel>thought",
      "<|channel>thought\nRain?<channel|>No.", text: "No.", reasoning: "Rain?"),
    .of(
      "DeepSeek V3.1", "<｜tool▁sep｜>",
      "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>weather<｜tool▁sep｜>{\"city\": \"Bern\"}"
        + "<｜tool▁call▁end｜><｜tool▁call▁begin｜>time<｜tool▁sep｜>{}<｜tool▁call▁end｜>"
        + "<｜tool▁calls▁end｜>",
      calls: [["weather", "{\"city\": \"Bern\"}"], ["time", "{}"]]),
    .of(
      "DeepSeek R1", "<｜tool▁sep｜>```json</think>",
      "<think>Hm.</think><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n"
        + "```json\n{\"city\": \"Bern\"}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function"
        + "<｜tool▁sep｜>time\n```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
      calls: [["weather", "{\"city\": \"Bern\"}"], ["time", "{}"]], reasoning: "Hm."),
    .of(
      "Kimi", "<|tool_call_argument_begin|>",
      "Well.<|tool_calls_section_begin|><|tool_call_begin|>functions.weather:0"
        + "<|tool_call_argument_begin|>{\"city\": \"Bern\"}<|tool_call_end|><|tool_call_begin|>"
        + "functions.time:1<|tool_call_argument_begin|>{}<|tool_call_end|>"
        + "<|tool_calls_section_end|>",
      text: "Well.", calls: [["weather", "{\"city\": \"Bern\"}"], ["time", "{}"]]),
    .of(
      "functionary 3.1", "<function=x></function>",
      "<function=weather>{\"city\": \"Bern\"}</function><function=time>{}</function>",
      calls: [["weather", "{\"city\": \"Bern\"}"], ["time", "{}"]]),
    .of(
      "functionary 3.2", ">>>all",
      ">>>all\nLet me look.\n>>>weather\n{\"city\": \"Bern\"}>>>time\n{}",
      text: "Let me look.\n", calls: [["weather", "{\"city\": \"Bern\"}"], ["time", "{}"]]),
    .of(
      "FireFunction", "functools[",
      " functools[{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}, {\"name\": \"time\", "
        + "\"arguments\": {}}]",
      text: " ", calls: [["weather", "{\"city\": \"Bern\"}"], ["time", "{}"]]),
    .of(
      "Command R", "<|START_ACTION|><|START_THINKING|>",
      "<|START_THINKING|>Rain.<|END_THINKING|><|START_ACTION|>[\n    {\"tool_call_id\": \"0\", "
        + "\"tool_name\": \"weather\", \"parameters\": {\"city\": \"Bern\"}}\n]<|END_ACTION|>",
      calls: [["weather", "{\"city\": \"Bern\"}"]], reasoning: "Rain."),
    .of(
      "Nemotron", "<TOOLCALL>",
      "<TOOLCALL>[{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}]</TOOLCALL>",
      calls: [["weather", "{\"city\": \"Bern\"}"]]),
    .of(
      "Apriel", "<tool_calls>[<tool_call>",
      "<tool_calls>[{\"name\": \"time\", \"arguments\": {}, \"id\": \"1\"}]</tool_calls>",
      calls: [["time", "{}"]]),
    .of(
      "Qwen3-Coder", elements,
      "Let me look.\n<tool_call>\n<function=weather>\n<parameter=city>\nBern\n</parameter>\n"
        + "<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>\n<tool_call>\n"
        + "<function=time>\n</function>\n</tool_call>",
      text: "Let me look.\n",
      calls: [["weather", "{\"city\":\"Bern\",\"days\":3}"], ["time", "{}"]]),
    .of(
      "Qwen3-Coder, lines and marks in a value", elements,
      "<tool_call>\n<function=weather>\n<parameter=city>\n\n1 < 2\n</b>\n\n</parameter>\n"
        + "</function>\n</tool_call>",
      calls: [["weather", "{\"city\":\"\\n1 < 2\\n</b>\\n\"}"]]),
    .of(
      "Qwen 3.5 that thinks", elements + "<think>",
      "<think>\nRain?\n</think>\n\n<tool_call>\n<function=weather>\n<parameter=at>\n"
        + "{\"lat\": 1.5, \"on\": true}\n</parameter>\n</function>\n</tool_call>",
      calls: [["weather", "{\"at\":{\"lat\":1.5,\"on\":true}}"]], reasoning: "Rain?\n"),
    .of(
      "Qwen3-Coder, no such function", elements,
      "<tool_call>\n<function=rm>\n</function>\n</tool_call>",
      text: "<tool_call>\n<function=rm>\n</function>\n</tool_call>"),
    .of(
      "Seed-OSS", "<seed:tool_call><function=x><parameter=y>",
      "<seed:tool_call>\n<function=weather>\n<parameter=city>Bern</parameter>\n"
        + "<parameter=days>[1, 2]</parameter>\n</function>\n</seed:tool_call>",
      calls: [["weather", "{\"city\":\"Bern\",\"days\":[1,2]}"]]),
    .of(
      "GLM", "<tool_call>x<arg_key>y</arg_key>",
      "I look.\n<tool_call>weather\n<arg_key>city</arg_key>\n<arg_value>Bern</arg_value>\n"
        + "<arg_key>days</arg_key>\n<arg_value>3</arg_value>\n</tool_call>\n<tool_call>time\n"
        + "</tool_call>",
      text: "I look.\n", calls: [["weather", "{\"city\":\"Bern\",\"days\":3}"], ["time", "{}"]]),
    .of(
      "GLM, one line and words behind", "<tool_call>x<arg_key>y</arg_key>",
      "<tool_call>time<arg_key>zone</arg_key><arg_value>a<b</arg_value></tool_call>time it is",
      text: "time it is", calls: [["time", "{\"zone\":\"a<b\"}"]]),
    .of(
      "MiniMax M2", "<minimax:tool_call><invoke name=\"x\">",
      "<minimax:tool_call>\n<invoke name=\"weather\">\n<parameter name=\"city\">Bern</parameter>\n"
        + "</invoke>\n<invoke name=\"time\">\n</invoke>\n</minimax:tool_call>",
      calls: [["weather", "{\"city\":\"Bern\"}"], ["time", "{}"]]),
    .of(
      "DeepSeek V3.2", "｜DSML｜ function_calls> invoke name=",
      "Well.\n\n<｜DSML｜function_calls>\n<｜DSML｜invoke name=\"weather\">\n"
        + "<｜DSML｜parameter name=\"city\" string=\"true\">7</｜DSML｜parameter>\n"
        + "<｜DSML｜parameter name=\"days\" string=\"false\">7</｜DSML｜parameter>\n"
        + "</｜DSML｜invoke>\n</｜DSML｜function_calls>",
      text: "Well.\n\n", calls: [["weather", "{\"city\":\"7\",\"days\":7}"]]),
    .of(
      "DeepSeek V4", "｜DSML｜ tool_calls> invoke name=",
      "<｜DSML｜tool_calls>\n<｜DSML｜invoke name=\"time\">\n</｜DSML｜invoke>\n"
        + "</｜DSML｜tool_calls>", calls: [["time", "{}"]]),
    .of(
      "Qwen3-Coder, a call cut off", elements,
      "<tool_call>\n<function=weather>\n<parameter=days>\n3\n</parameter>\n",
      calls: [["weather", "{\"days\":3"]], isCutOff: true),
    .of(
      "Gemma, a call cut off", "<|tool_call>", "<|tool_call>call:weather{days:[1,",
      calls: [["weather", "{\"days\":[1,"]], isCutOff: true),
    .of(
      "gpt-oss, a call cut off", "<|channel|><|message|>",
      "<|channel|>commentary to=functions.weather<|message|>{\"a\":{}",
      calls: [["weather", "{\"a\":{}"]], isCutOff: true),
    .of(
      "gpt-oss, words", "<|channel|><|message|>",
      "<|channel|>analysis<|message|>Easy.<|end|><|start|>assistant<|channel|>final<|message|>Noon.",
      text: "Noon.", reasoning: "Easy."),
    .of(
      "gpt-oss, a call", "<|channel|><|message|>",
      "<|channel|>analysis<|message|>Look.<|end|><|start|>assistant<|channel|>commentary "
        + "to=functions.weather <|constrain|>json<|message|>{\"city\":\"Bern\"}<|call|>",
      calls: [["weather", "{\"city\":\"Bern\"}"]], reasoning: "Look."),
    .of(
      "gpt-oss, a recipient first", "<|channel|><|message|>",
      " to=functions.time<|channel|>commentary json<|message|>{}", calls: [["time", "{}"]]),
    .of(
      "gpt-oss, words before a call", "<|channel|><|message|>",
      "<|channel|>commentary<|message|>I look.<|end|><|start|>assistant<|channel|>commentary "
        + "to=functions.time<|message|>{}",
      text: "I look.", calls: [["time", "{}"]]),
    .of(
      "gpt-oss, no such function", "<|channel|><|message|>",
      "<|channel|>commentary to=functions.rm<|message|>{}<|end|><|start|>assistant<|channel|>final"
        + "<|message|>No.", text: "No."),
    .of(
      "gpt-oss that forgets its format", "<|channel|><|message|>", "<| is no mark.",
      text: "<| is no mark."),
  ]

  /// Which real template shows which way, by the name of its file.
  static let templates: [(file: String, format: String)] = [
    ("NousResearch-Hermes-3-Llama-3.1-8B-tool_use", "hermes"),
    ("Qwen-Qwen2.5-7B-Instruct", "hermes"), ("Qwen-Qwen3-0.6B", "hermes"),
    ("ibm-granite-granite-4.0", "hermes"), ("meta-llama-Llama-3.1-8B-Instruct", "llama3"),
    ("meta-llama-Llama-3.2-3B-Instruct", "llama3"), ("meta-llama-Llama-3.3-70B-Instruct", "llama3"),
    ("Mistral-Small-3.2-24B-Instruct-2506", "mistralNames"),
    ("unsloth-mistral-Devstral-Small-2507", "mistralNames"),
    ("mistralai-Ministral-3-14B-Reasoning-2512", "mistralNames"),
    ("google-gemma-4-31B-it", "gemma"), ("ibm-granite-granite-3.3-2B-Instruct", "granite"),
    ("deepseek-ai-DeepSeek-V3.1", "deepSeek"), ("llama-cpp-deepseek-r1", "deepSeekFenced"),
    ("deepseek-ai-DeepSeek-R1-Distill-Qwen-32B", "deepSeekFenced"),
    ("moonshotai-Kimi-K2", "kimi"), ("fireworks-ai-llama-3-firefunction-v2", "fireFunction"),
    ("CohereForAI-c4ai-command-r7b-12-2024-tool_use", "command"),
    ("NVIDIA-Nemotron-Nano-v2", "nemotron"), ("unsloth-Apriel-1.5", "apriel"),
    ("Qwen3-Coder", "parameters"), ("Qwen3.5-4B", "parameters"),
    ("NVIDIA-Nemotron-3-Nano-30B-A3B-BF16", "parameters"), ("StepFun3.5-Flash", "parameters"),
    ("ByteDance-Seed-OSS", "seedParameters"), ("GLM-4.6", "pairs"), ("GLM-4.7-Flash", "pairs"),
    ("Spark2.5", "pairs"), ("poolside-Laguna-S-2.1", "pairs"),
    ("inclusionai-ling-3.0-flash", "pairs"), ("MiniMax-M2", "invocations"),
    ("deepseek-ai-DeepSeek-V3.2", "deepSeekMarked"),
    ("deepseek-ai-DeepSeek-V4", "deepSeekMarkedCalls"), ("MiniMax-M3", "generic"),
    ("openai-gpt-oss-120b", "channels"), ("microsoft-Phi-3.5-mini-instruct", "generic"),
  ]
}
