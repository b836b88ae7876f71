// GET /openapi.json: every public route, for people who generate clients and for contract tests.

import Hummingbird
import JSON
import NIOCore

enum OpenAPI {
  static let route = Route(method: .get, path: "/openapi.json", access: .open) { _, _ in
    .json(document)
  }

  private static let description =
    "Language models behind the API that OpenAI's clients speak. Nothing that is said is kept. "
    + "Every route is listed, without its other names; of what requests may hold, the fields that "
    + "are asked for most, with the ranges that are accepted. Requests may hold the other fields of "
    + "OpenAI's and Anthropic's APIs too, and those that the server's documentation names."

  /// The document, OpenAPI 3.1.
  static let document: JSONValue = [
    "openapi": "3.1.0",
    "info": [
      "title": "Apus", "version": "1",
      "description": .string(description),
    ],
    "security": [["bearer": []], ["header": []]],
    "components": [
      "securitySchemes": [
        "bearer": ["type": "http", "scheme": "bearer"],
        "header": ["type": "apiKey", "in": "header", "name": "x-api-key"],
      ],
      "schemas": schemas,
    ],
    "paths": .object(idempotentPaths.merging(selfServicePaths)),
  ]

  /// The paths, with the header that those take which ask a model.
  private static let idempotentPaths: JSONObject = {
    let header: JSONValue = [
      "name": "Idempotency-Key", "in": "header", "required": false,
      "description":
        "The same for a request that is sent again: while it runs, both get one answer.",
      "schema": ["type": "string", "minLength": 1, "maxLength": 255],
    ]
    return RouteTable.all.filter(\.asksModel).reduce(into: paths) { paths, route in
      var path = paths[route.path]?.objectValue ?? [:]
      path["parameters"] = [header]
      paths[route.path] = .object(path)
    }
  }()

  /// The operation of each path. Aliases are not listed.
  private static let paths: JSONObject = [
    "/": text("What is served and how to ask for it"),
    "/health": open("Whether requests are taken", "Health"),
    "/status": text("How the server is, for people"),
    "/favicon.ico": nothing("No picture, for browsers that ask for one"),
    "/chat.js": text("The script of the chat that browsers get at /", "text/javascript"),
    "/markdown.js": text("How it shows what a model writes", "text/javascript"),
    "/chat.css": text("Its style", "text/css"),
    "/portal": text("Your account, for people", "text/html"),
    "/portal.js": text("The script of that page", "text/javascript"),
    "/portal.css": text("The style of that page", "text/css"),
    "/status.json": open("How the server is", "Status"),
    "/openapi.json": open("This document", "Document"),
    "/v1/models": ["get": operation("What is served", answer: "ModelList")],
    "/v1/models/{id}": [
      "parameters": [
        ["name": "id", "in": "path", "required": true, "schema": ["type": "string"]]
      ],
      "get": operation("One model", answer: "Model"),
    ],
    "/v1/chat/completions": post("The next message of a conversation", "Chat", "ChatAnswer", true),
    "/v1/completions": post("The continuation of a text", "Completion", "CompletionAnswer", true),
    "/v1/responses": post("The answer to an input", "ResponseRequest", "Response", true),
    "/v1/responses/input_tokens": post(
      "The tokens of an input", "ResponseRequest", "InputTokens"),
    "/v1/messages": post("The next message, Anthropic's shape", "Messages", "Message", true),
    "/v1/messages/count_tokens": post(
      "The tokens of a conversation", "MessagesToCount", "InputTokens"),
    "/v1/embeddings": post("A vector for each text", "Embedding", "Embeddings"),
    "/v1/audio/transcriptions": form("What is said in a recording", "Recording", "Transcript"),
    "/v1/audio/translations": form(
      "The same in English", "Recording", "Transcript"),
    "/v1/rerank": post("Refused until a model can rank", "Rerank", "Document"),
    "/v1/tokenize": post("Text or a conversation to tokens", "Tokenize", "Tokens"),
    "/v1/detokenize": post("Tokens to text", "Detokenize", "Content"),
    "/v1/apply-template": post("A conversation to the text that is read", "Template", "Prompt"),
  ]

  static func operation(
    _ summary: JSONValue, answer: String, isOpen: Bool = false
  ) -> JSONValue {
    var object: JSONObject = [
      "summary": summary,
      "responses": [
        "200": body("The answer", answer, "application/json"),
        "4XX": body("What to change", "Error", "application/json"),
        "503": body("Too much at once, or the server stops", "Error", "application/json"),
      ],
    ]
    if isOpen { object["security"] = [] }
    return .object(object)
  }

  static func open(_ summary: JSONValue, _ answer: String) -> JSONValue {
    ["get": operation(summary, answer: answer, isOpen: true)]
  }

  private static func nothing(_ summary: JSONValue) -> JSONValue {
    [
      "get": [
        "summary": summary, "security": [],
        "responses": [
          "204": ["description": "Nothing"],
          "4XX": body("What to change", "Error", "application/json"),
        ],
      ]
    ]
  }

  private static func text(_ summary: JSONValue, _ type: String = "text/plain") -> JSONValue {
    let content = JSONValue.object([type: ["schema": ["type": "string"]]])
    return [
      "get": [
        "summary": summary, "security": [],
        "responses": [
          "200": ["description": "A page", "content": content],
          "4XX": body("What to change", "Error", "application/json"),
        ],
      ]
    ]
  }

  static func post(
    _ summary: JSONValue, _ request: String, _ answer: String, _ streams: Bool = false
  ) -> JSONValue {
    var object = operation(summary, answer: answer).objectValue ?? [:]
    object["requestBody"] = [
      "required": true, "content": ["application/json": ["schema": reference(request)]],
    ]
    if streams {
      var responses = object["responses"]?.objectValue ?? [:]
      responses["200"] = [
        "description": "The answer, or its events where `stream` is true",
        "content": [
          "application/json": ["schema": reference(answer)],
          // Tools hold either the whole text or each event to it.
          "text/event-stream": ["schema": ["description": "Server-sent events"]],
        ],
      ]
      object["responses"] = .object(responses)
    }
    return ["post": .object(object)]
  }

  /// A form, and an answer that is text where its fields ask for that.
  private static func form(
    _ summary: JSONValue, _ request: String, _ answer: String
  ) -> JSONValue {
    var object = operation(summary, answer: answer).objectValue ?? [:]
    object["requestBody"] = [
      "required": true, "content": ["multipart/form-data": ["schema": reference(request)]],
    ]
    var responses = object["responses"]?.objectValue ?? [:]
    let text: JSONValue = ["schema": string]
    responses["200"] = [
      "description": "The text, in the format that was asked for",
      "content": [
        "application/json": ["schema": reference(answer)], "text/plain": text,
        "application/x-subrip": text, "text/vtt": text, "text/event-stream": text,
      ],
    ]
    object["responses"] = .object(responses)
    return ["post": .object(object)]
  }

  static func body(
    _ description: JSONValue, _ schema: String, _ type: String
  ) -> JSONValue {
    ["description": description, "content": .object([type: ["schema": reference(schema)]])]
  }

  static func reference(_ schema: String) -> JSONValue {
    ["$ref": .string("#/components/schemas/\(schema)")]
  }
}
