// Log-probabilities as text completions tell them: parallel lists, and where each token begins.

import JSON
import Transformer

/// The `logprobs` of one choice, or of one chunk of it.
struct CompletionScores {
  /// Where the next token begins, in Unicode scalars of the choice's text.
  private(set) var offset: Int
  /// A token that nothing stood before.
  private var first: [UInt8]?
  private var tokens: [ScoredToken] = []
  private var offsets: [Int] = []

  init(offset: Int) { self.offset = offset }

  /// Those of a text that begins with a prompt: of the prompt itself where they were told.
  init(after echo: EchoedPrompt) {
    self.init(offset: 0)
    if let scores = echo.scores {
      first = scores.first
      if let first {
        offsets.append(0)
        offset = Self.scalarCount(first)
      }
      append(scores.tokens)
    }
    offset = echo.text.unicodeScalars.count
  }

  private static func scalarCount(_ bytes: [UInt8]) -> Int {
    // Bytes that continue a character begin none.
    bytes.count { $0 & 0xC0 != 0x80 }
  }

  /// Adds the tokens that come next. A token within a character counts for what is certain of it:
  /// the character begins with the first and is complete with the last of them.
  mutating func append(_ more: [ScoredToken]) {
    for token in more {
      tokens.append(token)
      offsets.append(offset)
      offset += Self.scalarCount(token.chosen.bytes)
    }
  }

  func write(to bytes: inout [UInt8]) {
    bytes += #"{"tokens":"#.utf8
    let names = (first.map { [ScoredToken.name(of: $0)] } ?? []) + tokens.map(\.chosen.key)
    bytes += JSONValue.array(names.map { .string($0) }).utf8()
    let unknown = first == nil ? [] : ["null"]
    bytes += #","token_logprobs":"#.utf8
    list(unknown + tokens.map(\.chosen.logProbability.description), &bytes)
    bytes += #","top_logprobs":["#.utf8
    bytes += unknown.joined().utf8
    for (index, token) in tokens.enumerated() {
      if index > 0 || first != nil { bytes.append(UInt8(ascii: ",")) }
      likeliest(token, &bytes)
    }
    bytes += #"],"text_offset":"#.utf8
    list(offsets, &bytes)
    bytes.append(UInt8(ascii: "}"))
  }

  /// The likeliest by their names, and the token itself where it is not among them.
  private func likeliest(_ token: ScoredToken, _ bytes: inout [UInt8]) {
    var names: Set<String> = []
    bytes.append(UInt8(ascii: "{"))
    for entry in token.likeliest + [token.chosen] where names.insert(entry.key).inserted {
      if names.count > 1 { bytes.append(UInt8(ascii: ",")) }
      bytes.append(UInt8(ascii: "\""))
      JSONWriter.escape(entry.key, into: &bytes)
      bytes += "\":\(entry.logProbability)".utf8
    }
    bytes.append(UInt8(ascii: "}"))
  }

  private func list(_ numbers: [some CustomStringConvertible], _ bytes: inout [UInt8]) {
    bytes += "[\(numbers.map(\.description).joined(separator: ","))]".utf8
  }
}
