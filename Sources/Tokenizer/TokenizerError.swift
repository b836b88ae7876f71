// What can be wrong with a vocabulary.

import JSON

/// A vocabulary that no tokenizer can be made from.
public enum TokenizerError: Error, Equatable, CustomStringConvertible {
  /// `tokenizer.ggml.model` names a kind of tokenizer that is not known here.
  case unknownModel(String)
  /// `tokenizer.ggml.pre` names a way of splitting that is not known here.
  case unknownPreTokenizer(String)
  /// There are no tokens.
  case emptyVocabulary
  /// A list that runs parallel to the tokens is shorter than they are.
  case tooFewEntries(list: String, expected: Int, found: Int)
  /// Something that this kind of tokenizer cannot do without is absent.
  case missing(String, model: String)
  /// A vocabulary larger than ids can number.
  case tooManyTokens(Int)
  /// The normalisation rules of the vocabulary contradict themselves.
  case invalidCharacterMap(String)

  /// One line: what is wrong, what was expected, what was found, what to do.
  public var description: String {
    switch self {
    case .unknownModel(let name):
      """
      tokenizer model \(Self.quoted(name)) (tokenizer.ggml.model) is unknown; known: \
      \(TextTokenizer.modelNames.joined(separator: ", ")). Convert the model with one of these
      """
    case .unknownPreTokenizer(let name):
      """
      pre-tokenizer \(Self.quoted(name)) (tokenizer.ggml.pre) is unknown; with --pre-tokenizer \
      choose one that splits text as the model expects: \(TextTokenizer.preTokenizerNames.joined(separator: ", "))
      """
    case .emptyVocabulary:
      "the vocabulary has no tokens; the model file is incomplete, fetch or convert it again"
    case .tooFewEntries(let list, let expected, let found):
      """
      the vocabulary's list of \(list) should have \(expected) entries, one a token, and has \
      \(found); the model file is damaged, fetch or convert it again
      """
    case .missing(let what, let model):
      """
      a tokenizer of model '\(model)' needs \(what), which the vocabulary does not have; convert \
      the model again
      """
    case .tooManyTokens(let count):
      "the vocabulary has \(count) tokens; at most \(Int32.max / 4) can be numbered"
    case .invalidCharacterMap(let reason):
      """
      the vocabulary's normalisation rules (precompiled_charsmap) are invalid: \(reason); the \
      model file is damaged, fetch or convert it again
      """
    }
  }

  /// The beginning of a file's name for something, in quotation marks.
  private static func quoted(_ name: String) -> String { "'\(name.prefix(64).shown)'" }
}
