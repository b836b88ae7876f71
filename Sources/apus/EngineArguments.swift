// Arguments that several commands share.

import ArgumentParser
import Foundation
import Synchronization
import TensorCore
import Transformer

/// How a model is loaded.
struct EngineArguments: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: "Threads that compute; by default as many as this process may use.")
  var threads: Int?

  @Option(help: "How keys and values are kept: f16, f32, or q8_0, which takes about half of f16.")
  var cacheType = KeyValueFormat.F16

  @OptionGroup var tokenizer: TokenizerArguments

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads takes a number from 1 to 1024.")
    }
  }

  /// The options that a model is loaded with.
  func options(contextLength: Int? = nil, chatTemplate: String? = nil) throws -> ModelOptions {
    if let problem = InstructionSet.environmentProblem {
      throw CommandError(.unusableEnvironment, problem + "; unset it or choose another")
    }
    var options = ModelOptions()
    options.threadCount = threads
    options.contextLength = contextLength
    options.chatTemplate = chatTemplate
    options.preTokenizer = tokenizer.preTokenizer
    options.keyValueFormat = cacheType
    options.exact = ProcessInfo.processInfo.environment["APUS_EXACT"] == "1"
    return options
  }

  /// Loads the model at `path`. A bar shows how far it is, where somebody looks and it takes long.
  ///
  /// - Parameter mayEmbed: whether it may be one that turns texts into vectors and writes none.
  func load(
    _ path: String, contextLength: Int? = nil, chatTemplate: String? = nil, mayEmbed: Bool = false
  ) throws -> Model {
    let options = try options(contextLength: contextLength, chatTemplate: chatTemplate)
    let start = ContinuousClock.now
    let shown = Atomic(-1)
    defer {
      if shown.load(ordering: .relaxed) >= 0 { Terminal.noteInPlace("\r\u{1B}[K") }
    }
    let model = try Model.load(path, options: options) { share in
      guard Terminal.isErrorInteractive, ContinuousClock.now - start > .milliseconds(500) else {
        return
      }
      let percent = Int(share * 100)
      if shown.exchange(percent, ordering: .relaxed) != percent {
        Terminal.noteInPlace("\r\u{1B}[KLoading \(percent) %")
      }
    }
    if !mayEmbed { try model.checkWriting() }
    return model
  }
}

extension KeyValueFormat: ExpressibleByArgument {
  /// Takes a name in small letters, as llama.cpp spells it, or in capital ones.
  public init?(argument: String) { self.init(rawValue: argument.uppercased()) }

  public static var allValueStrings: [String] { allCases.map { $0.rawValue.lowercased() } }
}

/// How text becomes token ids.
struct TokenizerArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      How text is split into words, in place of what the model says: one of llama.cpp's names, \
      such as llama-bpe, qwen2, gpt-2. An unknown one is answered with the list.
      """, valueName: "name"))
  var preTokenizer: String?
}

/// How much a conversation may hold, and how it is written for the model.
struct ConversationArguments: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: "Tokens of prompt and answer together; by default the model's own, at most 8192.")
  var context: Int?

  @Option(
    help: ArgumentHelp(
      "A chat template in place of the model's: a file in Jinja, or one of "
        + "\(BuiltInTemplate.names.joined(separator: ", ")).",
      valueName: "file|name"))
  var chatTemplate: String?

  func validate() throws {
    if let context, context < 1 { throw ValidationError("--context takes a number above 0.") }
  }

  /// The source of the template that was asked for, nil for the model's own.
  func templateSource() throws -> String? {
    try chatTemplate.map { try BuiltInTemplate.source(of: $0) }
  }
}

/// The model of a command that has no use without one.
struct ModelArgument: ParsableArguments {
  @Argument(help: "A name of the catalogue, or the path of a .gguf file.")
  var model: String
}

/// The models of a command that takes the default one where none is named.
struct ModelListArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Names of the catalogue, or paths of .gguf files; by default the default model.",
      valueName: "model"))
  var models: [String] = []
}

/// The model of a command that takes the default one where none is named.
struct OptionalModelArgument: ParsableArguments {
  @Argument(
    help: "A name of the catalogue, or the path of a .gguf file; by default the default model.")
  var model: String?
}
