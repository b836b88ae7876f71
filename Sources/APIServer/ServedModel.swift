// A model under the names that clients ask for it.

public import Transformer

/// A model and the names it is served under.
public struct ServedModel: Sendable {
  /// Where its engine comes from.
  enum Source: Sendable {
    case engine(any TextEngine)
    /// Loaded when it is asked for; the description is what is told of it until then.
    case store(EngineStore, ModelDescription)
    case transcriber(any Transcriber)
  }

  /// The name that answers and records bear: 1 to 64 bytes without control characters.
  public let name: String
  /// Other names that requests may use.
  public let aliases: [String]
  let source: Source

  /// A loaded model under a name.
  public init(name: String, aliases: [String] = [], engine: Engine) {
    self.init(name: name, aliases: aliases, textEngine: engine)
  }

  /// A model that `store` knows under this name and loads when it is first asked for. The server lets
  /// engines of the store go that are idle.
  public init(
    name: String, aliases: [String] = [], store: EngineStore, description: ModelDescription
  ) {
    self.name = name
    self.aliases = aliases
    source = .store(store, description)
  }

  /// A loaded model under a name that writes down what is said.
  public init(name: String, aliases: [String] = [], speech: SpeechModel) {
    self.init(name: name, aliases: aliases, transcriber: speech)
  }

  /// Anything that writes down what is said under a name.
  package init(name: String, aliases: [String] = [], transcriber: any Transcriber) {
    self.name = name
    self.aliases = aliases
    source = .transcriber(transcriber)
  }

  /// Anything that generates text under a name.
  package init(name: String, aliases: [String] = [], textEngine: any TextEngine) {
    self.name = name
    self.aliases = aliases
    source = .engine(textEngine)
  }
}
