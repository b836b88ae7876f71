// A model under the names that clients ask for it.

import Transformer

/// A model and the names it is served under.
public struct ServedModel: Sendable {
  /// The name that answers and records bear: 1 to 64 bytes without control characters.
  public let name: String
  /// Other names that requests may use.
  public let aliases: [String]
  let engine: any TextEngine

  /// A loaded model under a name.
  public init(name: String, aliases: [String] = [], engine: Engine) {
    self.init(name: name, aliases: aliases, textEngine: engine)
  }

  /// Anything that generates text under a name.
  package init(name: String, aliases: [String] = [], textEngine: any TextEngine) {
    self.name = name
    self.aliases = aliases
    engine = textEngine
  }
}
