// What requests hold, with the ranges that are accepted wherever settings do not move them.

import JSON

extension OpenAPI {
  /// A conversation as OpenAI has it.
  static let messages: JSONValue = [
    "type": "array", "minItems": 1,
    "items": [
      "anyOf": [
        object(
          [
            "role": choice("system", "developer", "user", "assistant"), "content": content("text"),
            "name": string,
          ], required: ["role", "content"]),
        object(
          [
            "role": choice("assistant"), "content": ["type": ["string", "null"]],
            "tool_calls": [
              "type": "array", "minItems": 1,
              "items": object(
                [
                  "id": string, "type": choice("function"),
                  "function": object(
                    ["name": string, "arguments": string], required: ["name", "arguments"]),
                ], required: ["id", "type", "function"]),
            ],
          ], required: ["role", "tool_calls"]),
        object(
          ["role": choice("tool"), "content": content("text"), "tool_call_id": string],
          required: ["role", "content", "tool_call_id"]),
      ]
    ],
  ]

  /// A conversation as Anthropic has it. It ends with what the model answers.
  static let anthropicMessages: JSONValue = [
    "type": "array", "minItems": 1,
    "items": object(
      ["role": choice("user"), "content": content("text")], required: ["role", "content"]),
  ]

  /// Items of the Responses API.
  static let input: JSONValue = [
    "anyOf": [
      string,
      [
        "type": "array", "minItems": 1,
        "items": object(
          [
            "type": choice("message"), "role": choice("system", "developer", "user", "assistant"),
            "content": content("input_text"),
          ], required: ["role", "content"]),
      ],
    ]
  ]

  /// Functions that the model may call.
  static let tools: JSONValue = [
    "type": "array", "maxItems": 128,
    "items": object(
      [
        "type": choice("function"),
        "function": object(
          [
            "name": ["type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"], "description": string,
            "parameters": ["type": "object"], "strict": boolean,
          ], required: ["name"]),
      ], required: ["type", "function"]),
  ]

  /// Texts that end an answer.
  static let stop: JSONValue = [
    "anyOf": [
      ["type": "string", "minLength": 1, "maxLength": 256],
      [
        "type": "array", "maxItems": 4,
        "items": ["type": "string", "minLength": 1, "maxLength": 256],
      ],
    ]
  ]

  /// What an answer must be.
  static let format: JSONValue = [
    "anyOf": [
      object(["type": choice("text", "json_object")], required: ["type"]),
      object(
        [
          "type": choice("json_schema"),
          "json_schema": object(
            ["name": string, "schema": ["type": "object"], "strict": boolean],
            required: ["name", "schema"]),
        ], required: ["type", "json_schema"]),
    ]
  ]

  /// The same where the schema stands beside the type.
  static let textFormat: JSONValue = [
    "anyOf": [
      object(["type": choice("text", "json_object")], required: ["type"]),
      object(
        [
          "type": choice("json_schema"), "name": string, "schema": ["type": "object"],
          "strict": boolean,
        ], required: ["type", "name", "schema"]),
    ]
  ]

  /// How long an answer is to be.
  static let verbosity = choice("low", "medium", "high")

  /// A text, several, or tokens.
  static let prompt: JSONValue = [
    "anyOf": [
      string, ["type": "array", "minItems": 1, "maxItems": 8, "items": string],
      ["type": "array", "minItems": 1, "items": tokenID],
    ]
  ]

  static let tokenID = range("integer", 0...Int(Int32.max))

  /// One of some texts.
  static func choice(_ texts: JSONValue...) -> JSONValue {
    ["type": "string", "enum": .array(texts)]
  }

  /// A number in a range.
  static func range(_ type: JSONValue, _ range: ClosedRange<Int>) -> JSONValue {
    [
      "type": type, "minimum": .integer(Int64(range.lowerBound)),
      "maximum": .integer(Int64(range.upperBound)),
    ]
  }

  /// Text, whole or in parts.
  private static func content(_ part: JSONValue) -> JSONValue {
    [
      "anyOf": [
        string,
        [
          "type": "array", "minItems": 1,
          "items": object(["type": choice(part), "text": string], required: ["type", "text"]),
        ],
      ]
    ]
  }

  /// What chat and text completions share.
  static let generation: JSONObject = [
    "model": string, "max_tokens": count, "n": range("integer", 1...8), "stream": boolean,
    "stop": stop, "temperature": range("number", 0...2), "top_p": range("number", 0...1),
    "top_k": range("integer", -1...1_000_000), "min_p": range("number", 0...1),
    "presence_penalty": range("number", -2...2), "frequency_penalty": range("number", -2...2),
    "repeat_penalty": range("number", 1...100), "repeat_last_n": range("integer", -1...1_000_000),
    "typical_p": range("number", 0...1), "top_n_sigma": range("number", -1...100),
    "xtc_probability": range("number", 0...1), "xtc_threshold": range("number", 0...1),
    "dynatemp_range": range("number", 0...2), "dynatemp_exponent": range("number", 1...100),
    "mirostat": range("integer", 0...2), "mirostat_tau": range("number", 1...100),
    "mirostat_eta": range("number", 0...1), "seed": integer64, "user": string,
    "response_format": format, "usage": object(["include": boolean]),
    "logit_bias": [
      "type": "object", "maxProperties": 1024,
      "propertyNames": ["pattern": "^(0|[1-9][0-9]{0,5})$"],
      "additionalProperties": range("number", -100...100),
    ],
  ]

  /// Tokens of an answer.
  static let count = range("integer", 1...Int(Int32.max))
  private static let integer64: JSONValue = [
    "type": "integer", "format": "int64", "minimum": .integer(.min), "maximum": .integer(.max),
  ]
}
