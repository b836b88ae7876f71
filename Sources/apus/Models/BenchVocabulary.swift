// A vocabulary for models of random weights: small rules, any number of tokens.

import TensorCore

/// Byte-level pairs: all bytes, pairs of letters, then made-up words that no text is cut into.
struct BenchVocabulary {
  let count: Int
  let preTokenizer: String

  /// Bytes as the text of byte-level vocabularies has them (Radford et al. 2019): printable Latin
  /// ones stand for themselves, the others are 256 and up, in order.
  private static let byteTexts: [String] = {
    var next: UInt32 = 256
    return (UInt32(0)..<256).map { byte in
      if (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte) {
        return String(Unicode.Scalar(UInt8(byte)))
      }
      defer { next += 1 }
      return Unicode.Scalar(next).map { String($0) } ?? ""
    }
  }()

  private static let space = byteTexts[32]
  private static let letters = (UInt8(ascii: "a")...UInt8(ascii: "z")).map {
    String(Unicode.Scalar($0))
  }
  private static let begin = "<|begin_of_text|>"
  private static let end = "<|end_of_text|>"
  /// GGML's numbers of ordinary and of control tokens.
  private static let (ordinary, control): (Int32, Int32) = (1, 3)

  /// The tokenizer's part of a file. There are at least 1024 tokens; the last two are control ones.
  var metadata: [(key: String, value: GGUFContent)] {
    let pairs = ([Self.space] + Self.letters).flatMap { first in
      Self.letters.map { (first, $0) }
    }
    var tokens = Self.byteTexts + pairs.map { $0.0 + $0.1 }
    precondition(count >= tokens.count + 2, "the vocabulary has no room for its letters")
    for index in tokens.count..<count - 2 { tokens.append(Self.space + "word\(index)") }
    tokens += [Self.begin, Self.end]
    let types =
      [Int32](repeating: Self.ordinary, count: count - 2) + [Self.control, Self.control]
    return [
      ("tokenizer.ggml.model", .value(.string("gpt2"))),
      ("tokenizer.ggml.pre", .value(.string(preTokenizer))),
      ("tokenizer.ggml.tokens", .strings(tokens)),
      ("tokenizer.ggml.token_type", .integers(types)),
      ("tokenizer.ggml.merges", .strings(pairs.map { "\($0.0) \($0.1)" })),
      ("tokenizer.ggml.bos_token_id", .value(.uint32(UInt32(count - 2)))),
      ("tokenizer.ggml.eos_token_id", .value(.uint32(UInt32(count - 1)))),
      ("tokenizer.ggml.add_bos_token", .value(.bool(true))),
      ("tokenizer.chat_template", .value(.string(Self.template))),
    ]
  }

  private static let template = """
    {{ bos_token }}{% for message in messages %}{{ message.role + ': ' + message.content + '\\n' }}\
    {% endfor %}{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}
    """
}
