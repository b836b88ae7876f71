// A loaded model: immutable, shared by everything that runs on it.

public import JSON
package import TensorCore
public import Tokenizer

/// A language model with its tokenizer and chat template.
///
/// Weights are shared and never change; a `Session` or an `Engine` holds what a conversation
/// remembers.
public final class Model: Sendable {
  public let info: ModelInfo
  public let tokenizer: TextTokenizer
  /// How the model wants a conversation written; nil for a base model. Where the model is shown
  /// functions, its file may have another one for that.
  public var chatTemplate: ChatTemplate? { templates.plain }
  /// Tokens that a conversation may have.
  public let contextLength: Int
  /// Threads that compute.
  public var threadCount: Int { compute.pool.threadCount }

  package let decoder: DecoderModel
  package let compute: Compute
  package let cacheFormat: KeyValueFormat
  /// The vocabulary's bytes, for answers under a constraint.
  package let tokenTrees = TokenTreeCache()
  package let templates: ChatTemplates
  /// How answers to the chat templates are written.
  package let outputs: ModelOutputs

  private init(
    info: ModelInfo, tokenizer: TextTokenizer, templates: ChatTemplates, contextLength: Int,
    decoder: DecoderModel, compute: Compute, cacheFormat: KeyValueFormat
  ) {
    self.info = info
    self.tokenizer = tokenizer
    self.templates = templates
    self.contextLength = contextLength
    self.decoder = decoder
    self.compute = compute
    self.cacheFormat = cacheFormat
    outputs = ModelOutputs(
      template: templates.plain?.source, withTools: templates.withTools?.source
    ) { spelling in
      let ids = tokenizer.encode(spelling, parsingSpecial: true, addingSpecial: false)
      return ids.count == 1 && tokenizer.bytes(of: ids[0], showingSpecial: false).isEmpty
        ? ids[0] : nil
    }
  }

  /// Tokens of context when the options name no number.
  public static let defaultContextLength = 8_192

  /// The longest context that can be asked for.
  package static let contextLengthLimit = 1 << 24

  /// The error for a context that cannot be.
  package static func impossibleContext(_ length: Int) -> ModelError {
    ModelError(
      .badOption,
      "a context of \(length) tokens is not possible: choose 1 to \(contextLengthLimit)")
  }

  /// Loads a GGUF file: maps it, checks it, and packs its weights for this processor.
  ///
  /// - Parameters:
  ///   - path: a GGUF file, or the first of its parts.
  ///   - options: how it is loaded.
  ///   - progress: is called now and then with the part done, 0...1.
  /// - Throws: `GGUFError`, `FileError`, `ModelError` or `AllocationError`; the description of each
  ///   is one line.
  public static func load(
    _ path: String, options: ModelOptions = ModelOptions(),
    progress: (@Sendable (Double) -> Void)? = nil
  ) throws -> Model {
    try load(path, options: options, progress: progress ?? { _ in }) { false }
  }

  /// - Parameter isCancelled: is asked between tensors; true ends with `CancellationError`.
  static func load(
    _ path: String, options: ModelOptions, progress: @escaping @Sendable (Double) -> Void,
    isCancelled: @escaping @Sendable () -> Bool
  ) throws -> Model {
    let file = try GGUFFile(path: path)
    let name = try file.metadata.requiredString("general.architecture")
    let family = try family(named: name, path: path)
    let hyperparameters = try Hyperparameters(file, family)
    let contextLength = try contextLength(options, hyperparameters)
    let threads = options.threadCount ?? Processor.usableThreads.count
    let compute = Compute(
      instructionSet: .current, pool: WorkerPool(threadCount: threads))
    // Where texts cannot be read, weights need not be either.
    let isUnreadable = CancellationFlag()
    let (texts, decoder) = sideBySide(stackBytes: engineStackBytes) {
      let texts = Result {
        try ModelTexts(
          file, path: path, options: options, vocabularyCount: hyperparameters.vocabularyCount)
      }
      if case .failure = texts { isUnreadable.set() }
      return texts
    } _: {
      Result {
        try family.decoder(
          WeightLoader(
            file, family, hyperparameters, contextLength: contextLength, isExact: options.exact,
            pool: compute.pool, progress: progress
          ) { isCancelled() || isUnreadable.isSet })
      }
    }
    let readable = try texts.get()
    let model = Model(
      info: try ModelInfo(file, hyperparameters), tokenizer: readable.tokenizer,
      templates: readable.templates,
      contextLength: contextLength, decoder: try decoder.get(), compute: compute,
      cacheFormat: options.exact ? .F32 : options.keyValueFormat)
    progress(1)
    return model
  }

  /// The context that the options ask for, or the model's own. It is no longer than the model was trained
  /// for where that has learned a vector for each position, and in encoders, for which a text is one pass.
  static func contextLength(
    _ options: ModelOptions, _ hyperparameters: Hyperparameters
  ) throws -> Int {
    let own = hyperparameters.contextLength
    var length = options.contextLength ?? min(own, defaultContextLength)
    if hyperparameters.isEncoder || hyperparameters.hasLearnedPositions {
      length = min(length, own)
    }
    guard length >= 1, length <= contextLengthLimit else { throw impossibleContext(length) }
    return length
  }

  /// - Throws: where the model knows fewer positions than `count`: an encoder those that it is loaded for,
  ///   and others those that they have learned.
  func checkPositions(_ count: Int) throws(ModelError) {
    let known = info.isEncoder ? contextLength : decoder.embedding.positionCount
    guard let known, count > known else { return }
    throw ModelError(
      .badOption,
      "a session of \(count) tokens is not possible: the model knows \(known) positions")
  }

  /// - Throws: where the model turns texts into vectors and writes none.
  package func checkWriting() throws(ModelError) {
    guard info.isEncoder else { return }
    throw ModelError(
      .unsupported,
      "\(info.path): a \(info.architecture) model turns texts into vectors and writes none: embed "
        + "them ('apus embed', or /v1/embeddings of the server), or choose another model")
  }

  static func family(named name: String, path: String) throws -> any Architecture.Type {
    for family in architectures where family.names.contains(name) { return family }
    var known: [String] = []
    for family in architectures { known += family.names }
    throw ModelError(
      .unknownArchitecture,
      "\(path): the architecture \(GGUFError.quoted(name)) is not known; known are "
        + known.sorted().joined(separator: ", "))
  }

  /// The tokens of a conversation, written by the model's chat template.
  ///
  /// - Parameters:
  ///   - messages: what was said, in order.
  ///   - addGenerationPrompt: whether the prompt ends where the model's answer begins.
  ///   - variables: what the template may read besides `messages`, the special tokens' texts and
  ///     `add_generation_prompt`.
  public func prompt(
    _ messages: [ChatMessage], addGenerationPrompt: Bool = true, variables: JSONObject = [:]
  ) throws -> [TokenID] {
    try writer.prompt(messages, addGenerationPrompt: addGenerationPrompt, variables: variables)
  }

  /// The tokens of a text that the chat template wrote.
  package func tokens(ofPrompt text: String) -> [TokenID] { writer.tokens(ofPrompt: text) }

  /// The text of a conversation, written by the model's chat template.
  public func promptText(
    _ messages: [ChatMessage], addGenerationPrompt: Bool = true, variables: JSONObject = [:]
  ) throws -> String {
    try writer.text(messages, addGenerationPrompt: addGenerationPrompt, variables: variables)
  }

  private var writer: PromptWriter {
    PromptWriter(tokenizer: tokenizer, templates: templates, name: info.name)
  }
}
