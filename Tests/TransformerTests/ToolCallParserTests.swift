// Text beside and instead of calls, however it is cut into tokens.

import Constraints
import JSON
import Testing
import Transformer

@Suite struct ToolCallParserTests {
  private static let functions = [
    CallableFunction(name: "time", parameters: ["type": "object"]),
    CallableFunction(
      name: "note", parameters: ["type": "object", "properties": ["text": ["type": "string"]]]),
  ]

  private func content(_ parts: [String], _ format: ToolFormat) -> AnswerContent {
    var parser = OutputParser(
      OutputReading(tools: ToolReading(format: format, functions: Self.functions)))
    var content = AnswerContent()
    for part in parts {
      for piece in parser.append(GeneratedToken(id: 0, text: part)) { content.append(piece) }
    }
    for piece in parser.finish("") { content.append(piece) }
    return content
  }

  /// A text whole, scalar by scalar, and cut in two at each place.
  private func splits(_ text: String) -> [[String]] {
    let scalars = text.unicodeScalars
    let halves = scalars.indices.map { place -> [String] in
      [String(scalars[..<place]), String(scalars[place...])]
    }
    return [[text], scalars.map { String($0) }] + halves
  }

  @Test(arguments: [
    (ToolFormat.generic, "[1, 2]"), (.generic, "[Source](https://example.org/a) says so."),
    (.generic, "["), (.generic, " [ ; ] "), (.generic, "\n{\"a\": 1} is JSON."),
    (.generic, "[[{\"a\": 1}], 2]"), (.generic, " [{\"name\": \"rm\", \"arguments\": {}}]"),
    (.generic, "[{\"na"), (.llama3, "[1, 2]"), (.llama3, "[x]: y"), (.llama3, " <|python"),
    (.llama3, "<|python_tag|>[1, 2]"), (.hermes, "See <tool_call>\n[1, 2]\n</tool_call>"),
    (.hermes, "<tool_call> </tool_call>"), (.hermes, "<tool_call>\n{\"name\": \"rm\"}"),
    (.mistral, "[TOOL_CALLS] [1, 2]"), (.granite, "<|tool_call|> [\"a\"]"),
    (.parameters, "<tool_call>\n<function=rm>\n</function>\n</tool_call>"),
  ])
  func whatIsNoCallIsTextToTheLastByte(format: ToolFormat, text: String) {
    for parts in splits(text) {
      let content = content(parts, format)
      #expect(content.text == text && content.calls.isEmpty, "\(parts)")
    }
  }

  @Test(arguments: [
    (ToolFormat.generic, " [ {\"name\": \"time\", \"arguments\": {}} ]"),
    (.llama3, "\n<|python_tag|>{\"name\": \"time\", \"parameters\": {}}"),
    (.hermes, "<tool_call>\n{\"name\": \"time\", \"arguments\": {}}\n</tool_call>"),
    (.functionaryRecipients, ">>>time\n{}"),
  ])
  func whatStandsAroundACallIsNoText(format: ToolFormat, text: String) {
    for parts in splits(text) {
      let content = content(parts, format)
      #expect(content.text.isEmpty, "\(parts)")
      #expect(content.calls.map(\.name) == ["time"], "\(parts)")
      #expect(content.calls.map(\.arguments) == ["{}"], "\(parts)")
    }
  }

  /// Clients read arguments as JSON, whatever a model wrote in their place.
  @Test(
    arguments: [
      ("\"\"", "{}"), ("\" \"", "{}"), ("\"now\"", "{}"), ("\"[1]\"", "{}"), ("\"5\"", "{}"),
      ("\"{\\\"a\\\"\"", "{}"), ("\"{\\\"a\\\":1}\"", "{\"a\":1}"), ("null", "{}"),
    ] as [(String, String)])
  func argumentsInAStringAreToldWhereTheyAreAnObject(written: String, told: String) {
    let text = "<tool_call>{\"name\":\"time\",\"arguments\":\(written)}</tool_call>"
    for parts in splits(text) {
      let calls = content(parts, .hermes).calls
      #expect(calls.map(\.arguments) == [told], "\(parts)")
    }
  }

  @Test(arguments: [
    ("", "{}"), ("<|call|>", "{}"), (" <|call|>", " {}"), ("{\"a\":1}<|call|>", "{\"a\":1}"),
  ])
  func aMessageWithoutAWordIsACallWithoutArguments(written: String, told: String) {
    let text = "<|channel|>commentary to=functions.time<|message|>" + written
    for parts in splits(text) {
      var parser = OutputParser(
        OutputReading(
          readsChannels: true,
          tools: ToolReading(format: .channels, functions: Self.functions)))
      var content = AnswerContent()
      for part in parts {
        for piece in parser.append(GeneratedToken(id: 0, text: part)) { content.append(piece) }
      }
      for piece in parser.finish("") { content.append(piece) }
      #expect(content.calls.map(\.arguments) == [told], "\(parts)")
    }
  }

  @Test func aValueKeepsAllButTheLineFeedThatIsNotItsOwn() throws {
    let text =
      "<tool_call>\n<function=note>\n<parameter=text>\na\r\nb\r\n</parameter>\n</function>\n"
      + "</tool_call>"
    for parts in splits(text) {
      let call = try #require(content(parts, .parameters).calls.first)
      #expect(try JSONValue.parse(call.arguments)["text"] == "a\r\nb\r", "\(parts)")
    }
  }
}
