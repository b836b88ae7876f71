// How a model reads and writes texts: the half of a file that needs none of its weights.

import TensorCore
import Tokenizer

/// A model's tokenizer and chat templates.
struct ModelTexts: Sendable {
  let tokenizer: TextTokenizer
  let templates: ChatTemplates

  /// - Parameter vocabularyCount: rows of the embeddings.
  init(
    _ file: GGUFFile, path: String, options: ModelOptions, vocabularyCount: Int
  ) throws {
    let vocabulary = try Vocabulary(
      file.metadata, path: path, preTokenizer: options.preTokenizer)
    guard vocabulary.tokens.count == vocabularyCount else {
      throw ModelError(
        .badMetadata,
        "\(path): the vocabulary has \(vocabulary.tokens.count) tokens, the tensor "
          + "token_embd.weight \(vocabularyCount) rows; they must be equal")
    }
    tokenizer = try ModelError.naming(path) { try TextTokenizer(vocabulary) }
    let sources = try ChatTemplateSources(file.metadata, replacedBy: options.chatTemplate)
    templates = try ModelError.naming(path) { try ChatTemplates(sources) }
  }
}
