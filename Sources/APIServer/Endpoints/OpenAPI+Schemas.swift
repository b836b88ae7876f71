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
        "messages": messages, "logprobs": boolean, "top_logprobs": integer,
        "reasoning_effort": string, "thinking_budget_tokens": integer,
      ]), required: ["model", "messages"]),
    "ChatAnswer": answer(["message": ["type": "object"]]),
    "Completion": object(
      generation.merging([
        "prompt": ["type": ["string", "array"]], "logprobs": integer, "echo": boolean,
      ]),
      required: ["model", "prompt"]),
    "CompletionAnswer": answer(["text": string]),
    "ResponseRequest": object(
      [
        "model": string, "input": ["type": ["string", "array"]], "instructions": string,
        "max_output_tokens": integer, "stream": boolean, "temperature": number, "top_p": number,
        "top_logprobs": integer, "include": ["type": "array", "items": string],
      ], required: ["model", "input"]),
    "Response": object(
      [
        "id": string, "object": string, "status": string,
        "output": ["type": "array", "items": ["type": "object"]], "usage": ["type": "object"],
      ], required: ["id", "object", "status", "output", "usage"]),
    "Messages": object(
      [
        "model": string, "messages": messages, "max_tokens": integer,
        "system": ["type": ["string", "array"]], "stream": boolean, "temperature": number,
        "top_p": number, "top_k": integer,
        "stop_sequences": ["type": "array", "items": string], "thinking": ["type": "object"],
      ], required: ["model", "messages"]),
    "Message": object(
      [
        "id": string, "type": string, "role": string,
        "content": ["type": "array", "items": ["type": "object"]], "stop_reason": string,
        "usage": ["type": "object"],
      ], required: ["id", "type", "role", "content", "usage"]),
    "InputTokens": object(["input_tokens": integer], required: ["input_tokens"]),
    "Embedding": object(
      [
        "model": string, "input": ["type": ["string", "array"]],
        "encoding_format": ["type": "string", "enum": ["float", "base64"]],
        "dimensions": integer, "pooling": ["type": "string", "enum": ["mean", "last"]],
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
    "Rerank": object(
      ["model": string, "query": string, "documents": ["type": "array", "items": string]],
      required: ["query", "documents"]),
    "Tokenize": object(
      ["model": string, "content": string, "messages": messages, "with_pieces": boolean]),
    "Tokens": object(
      ["count": integer, "tokens": ["type": "array"], "max_model_len": integer],
      required: ["count", "tokens"]),
    "Detokenize": object(
      ["model": string, "tokens": ["type": "array", "items": integer]], required: ["tokens"]),
    "Content": object(["content": string], required: ["content"]),
    "Template": object(["model": string, "messages": messages], required: ["messages"]),
    "Prompt": object(["prompt": string], required: ["prompt"]),
  ]

  static let string: JSONValue = ["type": "string"]
  static let integer: JSONValue = ["type": "integer"]
  static let number: JSONValue = ["type": "number"]
  static let boolean: JSONValue = ["type": "boolean"]

  private static let messages: JSONValue = [
    "type": "array", "minItems": 1,
    "items": object(
      ["role": string, "content": ["type": ["string", "array", "null"]]], required: ["role"]),
  ]

  /// What chat and text completions share.
  private static let generation: JSONObject = [
    "model": string, "max_tokens": integer, "n": integer, "stream": boolean,
    "stop": ["type": ["string", "array"]], "temperature": number, "top_p": number,
    "top_k": integer, "min_p": number, "presence_penalty": number, "frequency_penalty": number,
    "repeat_penalty": number, "seed": integer, "user": string,
    "response_format": ["type": "object"], "logit_bias": ["type": "object"],
  ]

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
