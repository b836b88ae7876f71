// Every pre-tokenizer that is known by name, as data. Names, patterns and flags are those that
// llama.cpp has for `tokenizer.ggml.pre`; where it simplifies a model's own pattern (letters told
// apart by case only in ASCII, say; no white space beyond ASCII in a set of spelled-out
// characters), the simplification is kept: models are converted for it.

/// How one family of vocabularies splits text, and what its models take for granted.
struct PreTokenizerRule: Sendable {
  /// One step of splitting.
  enum Stage: Sendable {
    /// Matches of a pattern become pieces, and so does what lies between them.
    case pattern(String)
    /// Runs of digits are split.
    case digitGroups(DigitGroups)
  }

  /// The values of `tokenizer.ggml.pre` that select this rule.
  let names: [String]
  let stages: [Stage]
  /// A piece that is a token is that token, whatever merging it would give.
  var keepsWholeTokens = false
  /// The begin token is added unless the file says otherwise.
  var addsBegin = false
  /// Spaces are written as U+2581 and the text is merged as it is, not in the byte alphabet.
  var escapesSpaces = false

  init(_ names: String, _ stages: Stage...) {
    self.names = names.split(separator: " ").map(String.init)
    self.stages = stages
  }

  /// The same rule with flags changed.
  private func with(_ change: (inout PreTokenizerRule) -> Void) -> PreTokenizerRule {
    var copy = self
    change(&copy)
    return copy
  }

  /// The rule of that name.
  static func named(_ name: String) -> PreTokenizerRule? {
    all.first { $0.names.contains(name) }
  }

  /// All rules; no name occurs twice.
  static let all: [PreTokenizerRule] = [
    PreTokenizerRule(
      "default", .pattern(#"[\p{P}$+<=>^~|]+"#), gpt2, .pattern(#"\p{N}+"#), threeDigits),
    PreTokenizerRule("falcon", .pattern(#"[\p{P}$+<=>^~|`]+"#), gpt2, threeDigits),
    PreTokenizerRule(
      """
      gpt-2 phi-2 jina-es jina-de gigachat jina-v2-es jina-v2-de a.x-4.0 mellum modern-bert \
      jina-v1-en jina-v2-code roberta-bpe mpt olmo jais exaone4 trillion granite-docling
      """, gpt2),
    PreTokenizerRule(
      "starcoder refact command-r smollm codeshell exaone minerva-7b mellum2", digit, gpt2),
    PreTokenizerRule("chameleon", image, indentation, digit, punctuation, gpt2)
      .with { $0.addsBegin = true },

    PreTokenizerRule(
      "llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano",
      words(digits: #"\p{N}{1,3}"#)
    ).with {
      $0.keepsWholeTokens = true
      $0.addsBegin = true
    },
    PreTokenizerRule("dbrx smaug-bpe chatglm-bpe", words(digits: #"\p{N}{1,3}"#)),
    PreTokenizerRule("glm4 glm5", words(digits: #"\p{N}{1,3}"#)).with {
      $0.keepsWholeTokens = true
    },
    PreTokenizerRule(
      "jais-2",
      words(
        digits: #"\p{N}{1,3}"#,
        spaces: [512, 256, 128, 64, 32, 16, 8, 4].map { #"\s{\#($0)}(?!\S)"# }
          .joined(separator: "|") + #"|\s{1,2}(?!\S)|\s"#)),
    PreTokenizerRule(
      "qwen2 deepseek-r1-qwen kormo f2llmv2 stablelm2 hunyuan solar-open megrez grok-2", words()),
    PreTokenizerRule("ufakzeka", words(contractions: "")),
    PreTokenizerRule("qwen35", words(letters: #"[\p{L}\p{M}]"#, others: #"[^\s\p{L}\p{M}\p{N}]"#)),
    PreTokenizerRule("laguna", lines, words()),
    PreTokenizerRule("minicpm5", threeNumbers, words(digits: #"\p{N}+"#))
      .with { $0.keepsWholeTokens = true },
    PreTokenizerRule(
      "bailingmoe bailingmoe2 llada-moe",
      words(
        contractions: "'[sSdDmMtT]|'[lL][lL]|'[vV][eE]|'[rR][eE]|", newline: #"\s*[\r\n]"#)),
    PreTokenizerRule("seed-coder", words(others: #"[^\s\p{L}\p{N}\r\n]"#, after: "")),
    PreTokenizerRule(
      "exaone-moe",
      .pattern(
        contractions
          + #"[^\r\n\p{L}\p{N}]?(\p{L}\p{M}*( \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]?"#
          + #"|\s*[\r\n]|\s+(?!\S)|\s+"#)),

    PreTokenizerRule("gpt-4o llama4 kanana2 talkie minimax-m2", cased(digits: #"\p{N}{1,3}"#)),
    PreTokenizerRule("granite-embed-multi-97m", cased(#"\p{L}\p{M}"#, digits: #"\p{N}{1,3}"#))
      .with { $0.keepsWholeTokens = true },
    PreTokenizerRule("tekken", cased(contractions: "")).with {
      $0.keepsWholeTokens = true
      $0.addsBegin = true
    },
    PreTokenizerRule("tiny_aya cohere2moe", .digitGroups(.endingRuns), marked(#"\p{N}{1,3}"#)),
    PreTokenizerRule("youtu", asianRuns, marked(#"\p{N}"#)).with { $0.keepsWholeTokens = true },
    PreTokenizerRule("kimi-k2", hanOrWords),

    PreTokenizerRule("deepseek-llm", newline, latin, marks, spacesAtEnd, eastAsian, numbers),
    PreTokenizerRule(
      "deepseek-coder", newline, .pattern(#"\s?\p{L}+"#), .pattern(#"\s?\p{P}+"#), eastAsian, digit),
    PreTokenizerRule(
      "deepseek-v3 hunyuan-dense joyai-llm hy_v4", threeNumbers, hanOrKana,
      symbols(#"[\r\n]*|\s*[\r\n]+"#)),
    PreTokenizerRule("spark2_5", threeNumbers, hanOrKana, symbols(#"|[\r\n]"#), digit),
    PreTokenizerRule(
      "afmoe", .digitGroups(.endingRuns), southEastAsian, symbols(#"[\r\n]*|\s*[\r\n]+"#)),

    PreTokenizerRule("poro-chat bloom gpt3-finnish", unpunctuated),
    PreTokenizerRule("viking", unpunctuated, digit),
    PreTokenizerRule("superbpe", numbers, .digitGroups(.startingRuns)),

    PreTokenizerRule("gemma4 granite-embed-multi-311m", lines).with {
      $0.escapesSpaces = true
      $0.addsBegin = true
    },
    PreTokenizerRule("sarvam-moe", lines).with { $0.escapesSpaces = true },
  ]
}
