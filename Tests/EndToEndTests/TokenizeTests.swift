// Token ids of the real models, as the program prints them.

import Foundation
import JSON
import TestSupport
import Testing

@Suite(
  .enabled(if: Fixtures.isPresent, Fixtures.absence),
  .enabled(if: RealModel.arePresent, RealModel.absence))
struct TokenizeTests {
  struct Golden {
    let texts: String
    let lines: [String]

    /// The texts as they are given to the program, and the ids that it must print for each.
    init(_ model: RealModel, parsingSpecial: Bool) throws {
      texts = String(decoding: try Fixtures.bytes("tokenizers/texts.jsonl"), as: UTF8.self)
      let golden = String(
        decoding: try Fixtures.bytes("tokenizers/\(model.name).jsonl"), as: UTF8.self)
      lines = try golden.split(separator: "\n").map { line in
        let value = try JSONValue.parse(line)
        let ids = parsingSpecial ? value["special"] ?? value["ids"] : value["ids"]
        return try #require(ids).serialized()
      }
    }
  }

  @Test(arguments: RealModel.all, [false, true])
  func `every text has its golden ids`(_ model: RealModel, parsesSpecial: Bool) async throws {
    let golden = try Golden(model, parsingSpecial: parsesSpecial)
    let outcome = try await Program.apus(
      ["tokenize", model.name, "--jsonl"] + (parsesSpecial ? ["--special"] : []),
      input: golden.texts)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let lines = outcome.text.split(separator: "\n")
    #expect(lines.count == golden.lines.count)
    for (index, (line, expected)) in zip(lines, golden.lines).enumerated() {
      #expect(line == expected, "text \(index + 1)")
    }
  }

  @Test(arguments: RealModel.all)
  func `text comes back from its ids`(_ model: RealModel) async throws {
    let text = "Zwei Äpfel, 3 東京 and a 🦅 in the air"
    let ids = try await Program.apus("tokenize", model.name, "--json", input: text)
    #expect(ids.status == 0, "\(ids.errors)")
    let back = try await Program.apus(
      "tokenize", model.name, "--decode", "--json", input: ids.text)
    #expect(try JSONValue.parse(back.text.dropLast()) == .string(text))
  }

  @Test func `a measurement counts the tokens of all texts`() async throws {
    let outcome = try await Program.apus(
      "tokenize", RealModel.smol.name, "--measure", "2", input: #"["Hello", "Hello Hello"]"#)
    let result = try JSONValue.parse(outcome.text)
    #expect(result["tokens"] == 3)
    #expect(result["seconds"]?.arrayValue?.count == 2)
    #expect(result["decode_seconds"]?.arrayValue?.count == 2)
  }
}
