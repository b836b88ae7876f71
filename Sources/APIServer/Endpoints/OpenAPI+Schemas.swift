// The bodies that the OpenAPI document names. Requests list what is asked for most; the server says
// itself what it makes of every other field.

import JSON

extension OpenAPI {
  static let schemas: JSONValue = .object(generationSchemas.merging(selfServiceSchemas))

  private static let generationSchemas: JSONObject = [
    "Error": object(
      ["error": object(["message": string, "type": string], required: ["message", "type"])],
      required: ["error"]),
    "Document": ["type": "object"],
    "Health": object(["status": string], required: ["status"]),
    "Status": object(
      [
        "status": string, "uptime_seconds": integer, "requests_running": integer,
        "answers_pending": integer, "models": integer,
      ], required: ["status"]),
    "Model": object(
      ["id": string, "object": string, "created": integer, "owned_by": string],
      required: ["id", "object", "created", "owned_by"]),
    "ModelList": object(
      ["object": string, "data": ["type": "array", "items": reference("Model")]],
      required: ["object", "data"]),
    "Chat": object(
      generation.merging([
        "messages": messages, "logprobs": boolean, "top_logprobs": likeliest,
        "reasoning_effort": choice("none", "minimal", "low", "medium", "high", "xhigh", "max"),
        "thinking_budget_tokens": range("integer", -1...Int(Int32.max)), "tools": tools,
        "max_completion_tokens": count, "parallel_tool_calls": boolean, "verbosity": verbosity,
        "stream_options": object(["include_usage": boolean]),
      ]), required: ["model", "messages"]),
    "ChatAnswer": answer(["message": ["type": "object"]]),
    "Completion": object(
      generation.merging([
        "prompt": prompt(atMost: limits.promptCount), "logprobs": likeliest, "echo": boolean,
        // 0 asks for the prompt alone.
        "max_tokens": range(
          "integer", GenerationFields.Dialect.completions.leastTokens...Int(Int32.max)),
        "suffix": string, "best_of": choices,
      ]),
      required: ["model", "prompt"]),
    "CompletionAnswer": answer(["text": string]),
    "ResponseRequest": object(
      [
        "model": string, "input": input, "instructions": string, "max_output_tokens": count,
        "stream": boolean, "temperature": decimal(SamplingRange.temperature),
        "top_p": decimal(SamplingRange.topP), "top_logprobs": likeliest,
        "include": [
          "type": "array",
          "items": choice("message.output_text.logprobs", "reasoning.encrypted_content"),
        ],
        "text": object(["format": textFormat, "verbosity": verbosity]),
      ], required: ["model", "input"]),
    "Response": object(
      [
        "id": string, "object": string, "status": string,
        "output": ["type": "array", "items": ["type": "object"]], "usage": ["type": "object"],
      ], required: ["id", "object", "status", "output", "usage"]),
    "Messages": object(
      [
        "model": string, "messages": anthropicMessages, "max_tokens": count, "system": string,
        "stream": boolean, "temperature": decimal(SamplingRange.temperature),
        "top_p": decimal(SamplingRange.topP), "top_k": range("integer", SamplingRange.topK),
        "stop_sequences": stopTexts,
        "thinking": object(
          [
            "type": choice("enabled", "disabled", "adaptive"),
            "budget_tokens": range("integer", 1...Int(Int32.max)),
          ], required: ["type"]),
      ], required: ["model", "messages", "max_tokens"]),
    "Message": object(
      [
        "id": string, "type": string, "role": string,
        "content": ["type": "array", "items": ["type": "object"]], "stop_reason": string,
        "usage": ["type": "object"],
      ], required: ["id", "type", "role", "content", "usage"]),
    "MessagesToCount": object(
      ["model": string, "messages": anthropicMessages, "system": string],
      required: ["model", "messages"]),
    "InputTokens": object(["input_tokens": integer], required: ["input_tokens"]),
    "Embedding": object(
      [
        "model": string, "input": prompt(atMost: limits.inputCount),
        "encoding_format": ["type": "string", "enum": ["float", "base64"]],
        "dimensions": integer, "pooling": ["type": "string", "enum": ["mean", "cls", "last"]],
      ], required: ["model", "input"]),
    "Embeddings": object(
      [
        "object": string, "model": string, "usage": ["type": "object"],
        "data": [
          "type": "array",
          "items": object(
            ["object": string, "index": integer, "embedding": ["type": ["array", "string"]]],
            required: ["object", "index", "embedding"]),
        ],
      ], required: ["object", "data", "model", "usage"]),
    "Recording": object(
      [
        "model": string, "file": ["type": "string", "format": "binary"], "language": string,
        "prompt": string, "temperature": decimal(0...1), "stream": boolean,
        "response_format": choice("text", "json", "srt", "vtt", "verbose_json"),
        "timestamp_granularities[]": ["type": "array", "items": choice("word", "segment")],
      ], required: ["model", "file"]),
    "Transcript": object(
      [
        "text": string, "task": string, "language": string, "duration": number,
        "segments": ["type": "array"], "words": ["type": "array"],
        "usage": object(
          ["type": choice("duration"), "seconds": integer], required: ["type", "seconds"]),
      ], required: ["text", "usage"]),
    "Rerank": object(
      ["model": string, "query": string, "documents": ["type": "array", "items": string]],
      required: ["query", "documents"]),
    "Tokenize": object(
      ["model": string, "content": string, "messages": messages, "with_pieces": boolean]),
    "Tokens": object(
      ["count": integer, "tokens": ["type": "array"], "max_model_len": integer],
      required: ["count", "tokens"]),
    "Detokenize": object(
      ["model": string, "tokens": ["type": "array", "items": tokenID]], required: ["tokens"]),
    "Content": object(["content": string], required: ["content"]),
    "Template": object(["model": string, "messages": messages], required: ["messages"]),
    "Prompt": object(["prompt": string], required: ["prompt"]),
  ]

  static let string: JSONValue = ["type": "string"]
  static let integer: JSONValue = ["type": "integer"]
  static let number: JSONValue = ["type": "number"]
  static let boolean: JSONValue = ["type": "boolean"]

  private static func answer(_ choice: JSONObject) -> JSONValue {
    object(
      [
        "id": string, "object": string, "created": integer, "model": string,
        "choices": [
          "type": "array",
          "items": object(
            choice.merging(["index": integer, "finish_reason": string]),
            required: ["index", "finish_reason"]),
        ],
        "usage": ["type": "object"],
      ], required: ["id", "object", "created", "model", "choices", "usage"])
  }

  static func object(_ properties: JSONObject, required: [String] = []) -> JSONValue {
    [
      "type": "object", "properties": .object(properties),
      "required": .array(required.map { .string($0) }),
    ]
  }
}

extension JSONObject {
  /// These members and others, which win.
  func merging(_ other: JSONObject) -> JSONObject {
    var all = self
    for (key, value) in other { all[key] = value }
    return all
  }
}
