// Guessing tokens and checking several at once, on the command line.

import ArgumentParser
import Transformer

/// Who guesses. Answers stay what they are.
struct SpeculationArguments: ParsableArguments {
  @Flag(
    help: "Guess what repeats the prompt and check it several tokens at once; the same answers.")
  var lookup = false

  @Option(
    help: ArgumentHelp(
      "A smaller model with the same tokens that guesses what follows; the same answers.",
      valueName: "model"))
  var draft: String?

  /// Sets the options, and loads the draft model for `model` if `drafts`. Blocks.
  func apply(
    to options: inout EngineOptions, for model: Model, _ engine: EngineArguments,
    drafts: Bool = true
  ) throws {
    options.usesPromptLookup = lookup
    guard drafts else { return }
    options.draft = try draft.map {
      try engine.load(LocatedModel.find($0).path, contextLength: model.contextLength)
    }
  }
}
