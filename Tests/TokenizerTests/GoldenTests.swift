// Every golden vocabulary against every golden text.

import FoundationEssentials
import JSON
import TestSupport
import Testing
import Tokenizer

/// A golden text and the ids that the reference has for it.
struct GoldenText {
  var text: String
  /// Special tokens taken as text.
  var ids: [TokenID]
  /// Special tokens parsed.
  var special: [TokenID]

  /// The texts with the ids of the vocabulary `name`.
  static func all(_ name: String) throws -> [GoldenText] {
    let texts = try lines("texts")
    let rows = try lines(name)
    return try zip(texts, rows).map { text, row in
      func ids(_ key: String) -> [TokenID]? {
        row[key]?.arrayValue?.compactMap { $0.intValue.map { TokenID($0) } }
      }
      let plain = try #require(ids("ids"))
      return GoldenText(
        text: try #require(text.stringValue), ids: plain, special: ids("special") ?? plain)
    }
  }

  private static func lines(_ name: String) throws -> [JSONValue] {
    try Fixtures.bytes("tokenizers/\(name).jsonl").split(separator: 0x0A)
      .map { try JSONValue.parse($0) }
  }
}

@Suite(.enabled(if: Fixtures.isPresent, Fixtures.absence))
struct GoldenTests {
  @Test(
    "Every golden text becomes its golden ids",
    arguments: [
      "bert-bge", "deepseek-coder", "deepseek-llm", "falcon", "gemma-4", "gpt-2", "llama-bpe",
      "llama-spm", "mpt", "phi-3", "qwen2", "refact", "starcoder",
    ])
  func golden(_ name: String) throws {
    try check(VocabularyFile.golden(name), name)
  }

  @Test(
    "The vocabularies of downloaded models give golden ids",
    arguments: [
      ("smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf"),
      ("gemma-3-270m", "gemma-3-270m-q4_k_m.gguf"),
    ])
  func downloaded(_ name: String, _ file: String) throws {
    guard let path = DownloadedModels.path(of: file) else { return }
    try check(VocabularyFile(path: path).vocabulary, name)
  }

  private func check(_ vocabulary: Vocabulary, _ name: String) throws {
    let tokenizer = try TextTokenizer(vocabulary)
    for golden in try GoldenText.all(name) {
      #expect(tokenizer.encode(golden.text) == golden.ids, "\(golden.text.debugDescription)")
      #expect(
        tokenizer.encode(golden.text, parsingSpecial: true) == golden.special,
        "\(golden.text.debugDescription), special tokens parsed")
    }
  }
}

/// Models that were fetched before; no test fetches one.
enum DownloadedModels {
  /// Where `file` is, if it was fetched.
  static func path(of file: String) -> String? {
    let environment = ProcessInfo.processInfo.environment
    let cache = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "") + "/.cache"
    return [environment["APUS_MODELS"], cache + "/apus"].compactMap { $0 }
      .map { $0 + "/" + file }
      .first { FileManager.default.fileExists(atPath: $0) }
  }
}
