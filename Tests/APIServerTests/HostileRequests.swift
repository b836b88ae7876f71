// Requests that nobody means well with: a table of what must be refused, each with an answer.

import JSON

/// A request that has to be refused.
struct HostileRequest: Sendable {
  let name: String
  /// All bytes as they go over the wire.
  let bytes: [UInt8]

  /// A request whose framing is right and whose body is not.
  static func post(
    _ path: String, _ body: [UInt8], type: String? = "application/json", _ name: String
  ) -> HostileRequest {
    var head = "POST \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    if let type { head += "Content-Type: \(type)\r\n" }
    head += "Content-Length: \(body.count)\r\n\r\n"
    return HostileRequest(name: "\(path): \(name)", bytes: Array(head.utf8) + body)
  }

  static func post(_ path: String, _ body: JSONValue, _ name: String) -> HostileRequest {
    post(path, body.utf8(), name)
  }

  static var all: [HostileRequest] { framing + bodies + fields + shapes }

  // MARK: What is no HTTP, or hardly any

  private static var framing: [HostileRequest] {
    let host = "Host: localhost\r\nConnection: close\r\n"
    let json = "Content-Type: application/json\r\n"
    let chat = "POST /v1/chat/completions HTTP/1.1\r\n\(host)\(json)"
    let flood = (0..<200).map { "X-Header-\($0): \($0)\r\n" }.joined()
    let texts: [(String, String)] = [
      ("garbage", "\u{1}\u{2}\u{3}\r\n\r\n"), ("a TLS greeting", "\u{16}\u{3}\u{1}\u{2}\r\n\r\n"),
      ("no version", "GET /\r\n\r\n"), ("no path", "GET HTTP/1.1\r\n\(host)\r\n"),
      ("another protocol", "SSH-2.0-client\r\n\r\n"),
      ("no host", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n"),
      ("an empty host", "GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n"),
      ("a foreign host", "GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
      ("a header without a colon", "GET / HTTP/1.1\r\n\(host)Nonsense\r\n\r\n"),
      ("a space in a header's name", "GET / HTTP/1.1\r\n\(host)A B: c\r\n\r\n"),
      ("a flood of headers", "GET / HTTP/1.1\r\n\(host)\(flood)\r\n"),
      (
        "a large header",
        "GET / HTTP/1.1\r\n\(host)X: \(String(repeating: "x", count: 40_000))\r\n\r\n"
      ),
      (
        "a long path",
        "GET /\(String(repeating: "x", count: 100_000)) HTTP/1.1\r\n\(host)\r\n"
      ),
      ("a negative length", "\(chat)Content-Length: -1\r\n\r\n"),
      ("a length in words", "\(chat)Content-Length: ten\r\n\r\n"),
      ("two lengths", "\(chat)Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
      ("a length without end", "\(chat)Content-Length: 99999999999999999999999\r\n\r\n{}"),
      ("a length above the limit", "\(chat)Content-Length: 99999999\r\n\r\n{}"),
      (
        "both framings",
        "\(chat)Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
      ),
      ("an unknown framing", "\(chat)Transfer-Encoding: gzip\r\n\r\n{}"),
      ("a bad chunk", "\(chat)Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n"),
      ("a truncated body", "\(chat)Content-Length: 100\r\n\r\n{\"model\":"),
      ("a truncated chunk", "\(chat)Transfer-Encoding: chunked\r\n\r\n64\r\n{\"model\":"),
      ("no body", "\(chat)\r\n"), ("an unknown path", "GET /v1/nothing HTTP/1.1\r\n\(host)\r\n"),
      ("a path that climbs", "GET /../../etc/passwd HTTP/1.1\r\n\(host)\r\n"),
      ("a model that climbs", "GET /v1/models/..%2f..%2fx HTTP/1.1\r\n\(host)\r\n"),
      ("a model of half an escape", "GET /v1/models/%zz%f HTTP/1.1\r\n\(host)\r\n"),
    ]
    let methods = ["DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "GET"].map { method in
      ("\(method) of chat", "\(method) /v1/chat/completions HTTP/1.1\r\n\(host)\r\n")
    }
    return (texts + methods).map { HostileRequest(name: $0.0, bytes: Array($0.1.utf8)) }
  }

  // MARK: What is no JSON, or none that says anything

  static let routes = [
    "/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/messages",
    "/v1/messages/count_tokens", "/tokenize", "/detokenize", "/apply-template", "/v1/rerank",
  ]

  private static var bodies: [HostileRequest] {
    let deep = String(repeating: "[", count: 5000)
    let many = "{\"model\":[" + String(repeating: "0,", count: 1_100_000) + "0]}"
    let texts = [
      "", " ", "\n", "null", "true", "5", "\"text\"", "[]", "[{}]", "{", "}", "{}}", "{\"model\"",
      "{\"model\":}", "{\"model\":\"swift-1\",}", "{'model':'swift-1'}", "{model:1}", "NaN",
      "{\"model\":NaN}", "{\"model\":Infinity}", "{\"model\":01}", "{\"model\":+1}",
      "{\"model\":.5}", "{\"model\":1.}", "{\"model\":1e}", "{\"model\":\"\\ud800\"}",
      "{\"model\":\"\\x41\"}", "{\"model\":\"\n\"}", "{\"model\":\"\u{0}\"}", "{/**/}", deep,
      "{\"a\":" + deep, String(repeating: "{\"a\":", count: 500), "\u{FEFF}[]",
      "{\"model\":5}", "{\"model\":{}}", "{\"model\":[]}", "{\"model\":\"gone\"}",
    ]
    var requests: [HostileRequest] = [post(routes[0], Array(many.utf8), "a million values")]
    for route in routes {
      for text in texts { requests.append(post(route, Array(text.utf8), String(text.prefix(40)))) }
      let invalid: [[UInt8]] = [
        [0xFF, 0xFE], Array("{\"model\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8),
        Array("{}".utf8).flatMap { [$0, 0] }, [0x1F, 0x8B, 8, 0],
      ]
      for bytes in invalid { requests.append(post(route, bytes, "bytes \(bytes.prefix(4))")) }
      for type in [
        nil, "text/plain", "multipart/form-data; boundary=x", "application/x-json", "\u{1F600}",
      ] {
        requests.append(post(route, Array("{}".utf8), type: type, "type \(type ?? "none")"))
      }
    }
    return requests
  }

  // MARK: Fields of a wrong type or beyond their range

  private static let messages: JSONValue = [["role": "user", "content": "x"]]

  private static func chat(_ change: JSONObject) -> JSONValue {
    var object: JSONObject = ["model": "swift-1", "messages": messages, "max_tokens": 4]
    for (key, value) in change { object[key] = value }
    return .object(object)
  }

  private static var fields: [HostileRequest] {
    let numbers = [
      "temperature", "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty",
      "repeat_penalty", "repeat_last_n", "seed", "max_tokens", "max_completion_tokens", "n",
    ]
    let wrong: [JSONValue] = [
      "1", true, [], [1], [:], .number(1e300), .number(-1e300), .integer(.min),
    ]
    var requests: [HostileRequest] = []
    for name in numbers {
      for value in wrong where !(name == "seed" && value == .integer(.min)) {
        requests.append(
          post(routes[0], chat([name: value]), "\(name) = \(value.serialized())"))
      }
    }
    for name in ["stream", "ignore_eos", "add_generation_prompt", "parallel_tool_calls"] {
      for value in ["true", 1, [], [:]] as [JSONValue] {
        requests.append(post(routes[0], chat([name: value]), "\(name) = \(value.serialized())"))
      }
    }
    for name in ["stop", "tools", "chat_template_kwargs", "stream_options", "messages"] {
      for value in [5, true, ["a", 5], [[[[]]]], .number(0.5)] as [JSONValue] {
        requests.append(post(routes[0], chat([name: value]), "\(name) = \(value.serialized())"))
      }
    }
    for name in ["grammar", "logit_bias", "mirostat", "logprobs", "functions", "store", "audio"] {
      requests.append(post(routes[0], chat([name: ["x": 1]]), name))
    }
    return requests
  }

  // MARK: Messages, tools and prompts of impossible shapes

  private static var shapes: [HostileRequest] {
    let messages: [JSONValue] = [
      [[:]], [[]], [.null], ["x"], [5], [["role": 5, "content": "x"]],
      [["role": "", "content": "x"]], [["role": "root", "content": "x"]],
      [["role": "user", "content": .null]], [["role": "user", "content": 5]],
      [["role": "user", "content": [:]]], [["role": "user", "content": [5]]],
      [["role": "user", "content": [["type": "text", "text": 5]]]],
      [["role": "user", "content": [["type": 5]]]],
      [["role": "user", "content": [["type": "video"]]]],
      [["role": "user", "content": "x", "tool_calls": [["id": "1"]]]],
      [["role": "assistant", "tool_calls": "x"]], [["role": "assistant", "tool_calls": [5]]],
      [["role": "assistant", "tool_calls": [["id": 5]]]],
      [["role": "tool", "content": "x", "tool_call_id": 5]],
      .array(Array(repeating: ["role": "user", "content": "x"], count: 5000)),
      [["role": "user", "content": .string(String(repeating: "word ", count: 9000))]],
    ]
    var requests = messages.enumerated().flatMap { index, value in
      [routes[0], "/apply-template", "/v1/messages", "/tokenize"].filter {
        // To Anthropic's shape a message's tool_calls are a field that nobody knows.
        (index < 20 || $0 == routes[0]) && !(index == 15 && $0 == "/v1/messages")
      }.map { post($0, chat(["messages": value]), "messages \(index)") }
    }
    let function: JSONObject = ["name": "f"]
    let tools: [JSONValue] = [
      [["type": "function"]], [["type": "function", "function": 5]],
      [["type": "function", "function": [:]]], [["type": "function", "function": ["name": ""]]],
      [["type": "function", "function": ["name": "a/b"]]],
      [["type": "function", "function": ["name": "é"]]],
      [["type": "function", "function": ["name": "f", "parameters": 5]]],
      [["type": "function", "function": ["name": "f", "description": 5]]],
      .array(Array(repeating: ["type": "function", "function": .object(function)], count: 2)),
      .array(Array(repeating: ["type": "function", "function": .object(function)], count: 500)),
    ]
    requests += tools.enumerated().map { post(routes[0], chat(["tools": $1]), "tools \($0)") }
    let choices: [JSONValue] = ["required", "maybe", 5, [:], ["type": "function"]]
    requests += choices.map { post(routes[0], chat(["tool_choice": $0]), "tool_choice") }
    let prompts: [JSONValue] = [
      .null, 5, true, [:], [], [[]], ["a", 5], [1.5], [-1], [.integer(.max)], [[1], [:]],
      [1, "a"], .string(String(repeating: "word ", count: 9000)),
    ]
    requests += prompts.enumerated().map { index, prompt in
      post(routes[1], ["model": "swift-1", "prompt": prompt], "prompt \(index)")
    }
    let inputs: [JSONValue] = [
      .null, 5, [:], [], [5], [[:]], [["role": "root", "content": "x"]], [["type": "file"]],
      [["type": "function_call"]], [["type": "function_call_output", "call_id": 5]],
      [["role": "user", "content": [["type": "input_image"]]]],
    ]
    requests += inputs.enumerated().map { index, input in
      post("/v1/responses", ["model": "swift-1", "input": input], "input \(index)")
    }
    let tokens: [JSONValue] = [.null, 5, "1", ["1"], [1.5], [-1], [.integer(.max)], [[]], [:]]
    requests += tokens.enumerated().map { index, value in
      post("/detokenize", ["model": "swift-1", "tokens": value], "tokens \(index)")
    }
    return requests
  }
}
