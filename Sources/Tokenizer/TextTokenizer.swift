// Text to token ids and back, for any vocabulary that a model file brings along.
//
// encode: special tokens are cut out (SpecialTokenMatcher); what lies between goes to the encoder
// of the vocabulary's kind (Encoders/); byte-level ones split it first (PreTokenizers/).
// decode: the bytes of each token, joined (TextTokenizer+Decoding, StreamingDecoder).

import Synchronization

/// A tokenizer. Immutable, and safe to use from any number of threads at once.
public final class TextTokenizer: Sendable {
  /// Begins a text, if the vocabulary has such a token.
  public let beginID: TokenID?
  /// Ends a text.
  public let endID: TokenID?
  /// Ends a turn of a conversation.
  public let endOfTurnID: TokenID?
  /// Stands for what cannot be spelled.
  public let unknownID: TokenID?
  /// Separates texts.
  public let separatorID: TokenID?
  /// Fills a batch.
  public let paddingID: TokenID?
  /// Hides a word.
  public let maskID: TokenID?
  /// Tokens after which nothing more is to be generated: ends of text and of turn, by the file's
  /// numbers and by known spellings such as `<|im_end|>`.
  public let endOfGenerationIDs: Set<TokenID>

  let index: TokenIndex
  let traits: [TokenTraits]
  /// The bytes that each token stands for.
  let pieces: StringTable
  /// Whether a space was put before the text, to be removed from what is decoded.
  let addsSpacePrefix: Bool

  private let encoder: any FragmentEncoder
  private let allSpecial: SpecialTokenMatcher
  private let userDefined: SpecialTokenMatcher
  private let prefix: [TokenID]
  private let suffix: [TokenID]
  private let scratches = Mutex<[EncodingScratch]>([])

  /// The values of `Vocabulary.model` that are known.
  public static var modelNames: [String] { TokenizerModel.allCases.map(\.rawValue) }

  /// The values of `Vocabulary.preTokenizer` that are known.
  public static var preTokenizerNames: [String] { PreTokenizerRule.all.flatMap(\.names).sorted() }

  /// A tokenizer for `vocabulary`. Special ids outside the vocabulary count as not given; tokens
  /// that occur twice, are empty or are no UTF-8 do no harm.
  public init(_ vocabulary: consuming Vocabulary) throws(TokenizerError) {
    let model = try TokenizerModel(checking: vocabulary)
    let rule = try model.rule(for: vocabulary)
    index = TokenIndex(vocabulary.tokens, isByteLevel: model == .gpt2 && !rule.escapesSpaces)
    let index = index
    let special = SpecialTokens(copy vocabulary, defaults: model.defaults) { index.id(of: $0.utf8) }
    beginID = special.begin
    endID = special.end
    endOfTurnID = special.endOfTurn
    unknownID = special.unknown
    separatorID = special.separator
    paddingID = special.padding
    maskID = special.mask
    endOfGenerationIDs = special.endOfGeneration
    traits = special.traits
    addsSpacePrefix = model == .llama && vocabulary.addSpacePrefix ?? true
    allSpecial = SpecialTokenMatcher(
      special.special, spellings: vocabulary.tokens, trimming: special.trimming)
    userDefined = SpecialTokenMatcher(
      special.userDefined, spellings: vocabulary.tokens, trimming: special.trimming)
    (prefix, suffix) = model.surroundings(vocabulary, rule, special)
    let all = copy vocabulary
    let (encoder, pieces) = concurrently {
      Result { () throws(TokenizerError) in try model.encoder(all, rule, index, special) }
    } _: {
      index.pieces(special.traits)
    }
    self.encoder = try encoder.get()
    self.pieces = pieces
  }

  /// How many tokens there are; ids are below it.
  public var vocabularyCount: Int { index.texts.count }

  /// The ids of `text`. `parsingSpecial`: spellings of control tokens in the text become those
  /// tokens; otherwise they are text (user-defined tokens are found either way).
  /// `addingSpecial`: tokens are put before and after the text as the vocabulary asks.
  public func encode(
    _ text: String, parsingSpecial: Bool = false, addingSpecial: Bool = true
  ) -> [TokenID] {
    encode(
      utf8: Array(text.utf8), parsingSpecial: parsingSpecial, addingSpecial: addingSpecial)
  }

  /// The ids of a text that need not be valid UTF-8.
  public func encode(utf8: [UInt8], parsingSpecial: Bool, addingSpecial: Bool) -> [TokenID] {
    var result: [TokenID] = []
    result.reserveCapacity(utf8.count / 4 + 8)
    if addingSpecial { result += prefix }
    if !utf8.isEmpty {
      var scratch = scratches.withLock { $0.popLast() } ?? EncodingScratch()
      var followsSpecial = true
      for fragment in (parsingSpecial ? allSpecial : userDefined).fragments(of: utf8) {
        switch fragment {
        case .token(let id):
          result.append(id)
          followsSpecial = true
        case .text(let start, let end):
          encoder.encode(
            utf8, from: start, to: end, followsSpecial: followsSpecial, &scratch, into: &result)
          followsSpecial = false
        }
      }
      scratches.withLock { [scratch] in $0.append(scratch) }
    }
    if addingSpecial { result += suffix }
    return result
  }

  /// The ids of each of `texts`, in order, found on several threads.
  public func encode(
    batch texts: [String], parsingSpecial: Bool = false, addingSpecial: Bool = true
  ) -> [[TokenID]] {
    concurrentMap(texts.count) { index in
      encode(texts[index], parsingSpecial: parsingSpecial, addingSpecial: addingSpecial)
    }
  }

  /// Drops the words that were kept to encode them faster the next time they occur.
  public func forgetWords() { scratches.withLock { $0.removeAll() } }
}
