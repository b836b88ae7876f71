// What requests hold, with the ranges that are accepted: the parser's own. Where a setting moves
// one, its default is told.

import JSON

extension OpenAPI {
  /// The defaults of the settings.
  static let limits = Server.Limits()

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
    "type": "array", "maxItems": .integer(Int64(limits.toolCount)),
    "items": object(
      [
        "type": choice("function"),
        "function": object(
          [
            "name": [
              "type": "string", "pattern": .string("^[A-Za-z0-9_-]{1,\(ToolFields.nameLength)}$"),
            ], "description": string,
            "parameters": ["type": "object"], "strict": boolean,
          ], required: ["name"]),
      ], required: ["type", "function"]),
  ]

  /// Texts that end an answer.
  static let stop: JSONValue = ["anyOf": [stopText, stopTexts]]

  static let stopTexts: JSONValue = [
    "type": "array", "maxItems": .integer(Int64(limits.stopCount)), "items": stopText,
  ]

  /// The limit is one of bytes, of which a character has four at most.
  private static let stopText: JSONValue = [
    "type": "string", "minLength": 1, "maxLength": .integer(Int64(limits.stopBytes / 4)),
  ]

  /// What an answer must be.
  static let format: JSONValue = [
    "anyOf": [
      object(
        ["type": choice("text", "json_object"), "schema": ["type": "object"]], required: ["type"]),
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
  static func prompt(atMost count: Int) -> JSONValue {
    [
      "anyOf": [
        string,
        [
          "type": "array", "minItems": 1, "maxItems": .integer(Int64(count)), "items": string,
        ],
        ["type": "array", "minItems": 1, "items": tokenID],
      ]
    ]
  }

  static let tokenID = range("integer", 0...Int(Int32.max))

  /// One of some texts.
  static func choice(_ texts: JSONValue...) -> JSONValue {
    ["type": "string", "enum": .array(texts)]
  }

  /// A whole number in a range, or one of another type.
  static func range(_ type: JSONValue, _ range: ClosedRange<Int>) -> JSONValue {
    [
      "type": type, "minimum": .integer(Int64(range.lowerBound)),
      "maximum": .integer(Int64(range.upperBound)),
    ]
  }

  /// A number in a range.
  static func decimal(_ range: ClosedRange<Double>) -> JSONValue {
    ["type": "number", "minimum": bound(range.lowerBound), "maximum": bound(range.upperBound)]
  }

  private static func bound(_ number: Double) -> JSONValue {
    Int64(exactly: number).map { .integer($0) } ?? .number(number)
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
    "model": string, "max_tokens": count, "n": choices, "stream": boolean,
    "stop": stop, "temperature": decimal(SamplingRange.temperature),
    "top_p": decimal(SamplingRange.topP), "top_k": range("integer", SamplingRange.topK),
    "min_p": decimal(SamplingRange.minP),
    "presence_penalty": decimal(SamplingRange.presencePenalty),
    "frequency_penalty": decimal(SamplingRange.frequencyPenalty),
    "repeat_penalty": decimal(SamplingRange.repeatPenalty),
    "repetition_penalty": decimal(SamplingRange.repeatPenalty),
    "repeat_last_n": range("integer", SamplingRange.repeatLastN),
    "n_predict": range("integer", -1...Int(Int32.max)),
    "adaptive_target": decimal(SamplingRange.adaptiveTarget),
    "adaptive_decay": decimal(SamplingRange.adaptiveDecay),
    "typical_p": decimal(SamplingRange.typicalP), "top_n_sigma": decimal(SamplingRange.topNSigma),
    "xtc_probability": decimal(SamplingRange.xtcProbability),
    "xtc_threshold": decimal(SamplingRange.xtcThreshold),
    "dynatemp_range": decimal(SamplingRange.dynatempRange),
    "dynatemp_exponent": decimal(SamplingRange.dynatempExponent),
    "mirostat": range("integer", SamplingRange.mirostat),
    "mirostat_tau": decimal(SamplingRange.mirostatTau),
    "mirostat_eta": decimal(SamplingRange.mirostatEta), "seed": integer64, "user": string,
    "response_format": format, "usage": object(["include": boolean]),
    "logit_bias": [
      "type": "object", "maxProperties": .integer(Int64(limits.biasCount)),
      "propertyNames": ["pattern": "^(0|[1-9][0-9]{0,5})$"],
      "additionalProperties": decimal(SamplingRange.logitBias),
    ],
  ]

  /// How many answers are wanted.
  static let choices = range("integer", 1...limits.choiceCount)
  /// How many of the likeliest tokens are told.
  static let likeliest = range("integer", 0...LogProbabilityFields.alternativeCount)
  /// Tokens of an answer.
  static let count = range("integer", 1...Int(Int32.max))
  private static let integer64: JSONValue = [
    "type": "integer", "format": "int64", "minimum": .integer(.min), "maximum": .integer(.max),
  ]
}
