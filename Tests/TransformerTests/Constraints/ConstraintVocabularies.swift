// Vocabularies for constraints, and answers drawn through masks.

import Constraints
import TensorCore
import TestSupport
import Testing
import Tokenizer
import Transformer

/// A vocabulary to follow constraints on.
struct ConstraintVocabulary {
  let tokenizer: TextTokenizer
  let tree: TokenTree

  init(_ tokenizer: TextTokenizer) {
    self.tokenizer = tokenizer
    tree = TokenTree(tokenizer)
  }

  /// All bytes, and some longer tokens, of which two are alike.
  static let small: ConstraintVocabulary = {
    var tokens = StringTable()
    let alphabet = (0..<256).map { byte in byteSpelling(byte) }
    let longer = [
      "{\"", "\":", "\",", "\"}", "true", "false", "null", "name", "nam", "na", "ab", "abc", "abcd",
      "12", "123", "Ġ", "ĠĠ", "[[", "]]", "},", "\"\"", "[]", "[]", "Ã©",
    ]
    for token in alphabet + longer { tokens.append(token.utf8) }
    for control in ["<|end|>", "<|tool|>"] { tokens.append(control.utf8) }
    var vocabulary = Vocabulary(model: "gpt2", tokens: tokens)
    vocabulary.preTokenizer = "gpt-2"
    var merges = StringTable()
    merges.append("a b".utf8)
    vocabulary.merges = merges
    let count = alphabet.count + longer.count
    vocabulary.kinds = Array(repeating: .normal, count: count) + [.control, .control]
    vocabulary.endID = TokenID(count)
    guard let tokenizer = try? TextTokenizer(vocabulary) else {
      preconditionFailure("the vocabulary is sound")
    }
    return ConstraintVocabulary(tokenizer)
  }()

  /// GPT-2's printable spelling of a byte.
  private static func byteSpelling(_ byte: Int) -> String {
    let printable = [0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF]
    if printable.contains(where: { $0.contains(byte) }) {
      return Unicode.Scalar(UInt32(byte)).map { String(Character($0)) } ?? ""
    }
    let before = (0..<byte).count { other in !printable.contains { $0.contains(other) } }
    return Unicode.Scalar(UInt32(0x100 + before)).map { String(Character($0)) } ?? ""
  }

  /// A text drawn through masks, each allowed token as likely as any other, of at most `budget`
  /// tokens; nil where it ends before it is complete.
  func drawn(
    _ runtime: ConstraintRuntime, budget: Int, _ random: inout SeededGenerator
  ) throws -> String? {
    var state = runtime.start
    var ids: [TokenID] = []
    while ids.count < budget, !runtime.isOver(state) {
      let mask = try #require(try runtime.mask(for: state, room: budget - ids.count))
      let allowed = (0..<TokenID(tree.vocabularyCount)).filter(mask.contains)
      let id = try #require(allowed.randomElement(using: &random))
      if tokenizer.endOfGenerationIDs.contains(id) { break }
      state = try #require(try runtime.advance(state, by: id))
      ids.append(id)
    }
    return runtime.isComplete(state) ? tokenizer.decode(ids) : nil
  }
}

/// Constraints of all kinds, for tests that draw answers.
enum DrawnConstraints {
  static func all() throws -> [Constraint] {
    [
      try .grammar(
        #"""
        root ::= "[" (item ("," item)*)? "]"
        item ::= root | [0-9]{1,3} | "\"" [^"\\]{0,9} "\""
        """#),
      try .expression("(na|name|abc)*[0-9]{2,5}(\\.[0-9]+)?"),
      try .expression("[a-n]{5,9}\"?"),
      try .expression("([^\"]{2}|[a-e]*)\"(é|ab){2,4}"),
      try .schema(#"{"type":"array","items":{"type":"string","minLength":4,"maxLength":20}}"#),
      try .choice(["abcd", "abc", "name: é", "null"]),
      try .schema(
        #"{"type":"object","properties":{"name":{"type":"string","maxLength":12},"ab":{"type":"array","items":{"type":["boolean","null","number"]},"minItems":2},"abc":{"type":"string","pattern":"^[a-f0-9]{4}$"}},"required":["name","ab"]}"#
      ),
      try .schema("true"),
      try .schema(
        ##"{"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"na":{"type":"integer","minimum":10},"n":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/n"}]}},"required":["na","n"],"additionalProperties":false}}}"##
      ),
    ]
  }
}
