// A model that is served, whether it is loaded or not.

import Metering
import Synchronization
import Transformer

/// What the server knows of a model at any time, and the way to its engine.
final class ModelEntry: Sendable {
  private struct Known {
    /// The engine that was asked for last, for as long as somebody holds it.
    weak var engine: Engine?
    /// The same for every engine of the model.
    var output: ModelOutput?
  }

  let name: String
  /// The number that records know it by.
  let recordID: ModelID
  let facts: ModelFacts
  let contextLength: Int
  let hasChatTemplate: Bool
  private let source: ServedModel.Source
  private let breakers = BreakerTokens()
  private let known = Mutex(Known())

  init(_ model: ServedModel, recordID: ModelID) {
    name = model.name
    self.recordID = recordID
    source = model.source
    switch model.source {
    case .engine(let engine):
      facts = engine.facts
      contextLength = engine.contextLength
      hasChatTemplate = engine.hasChatTemplate
    case .store(_, let description):
      facts = ModelFacts(description.info)
      contextLength = description.contextLength
      hasChatTemplate = description.hasChatTemplate
    }
  }

  /// Where its engine is kept, if it is not there all the time.
  var store: EngineStore? {
    if case .store(let store, _) = source { store } else { nil }
  }

  /// The engine, if it is there.
  var engine: (any TextEngine)? {
    if case .engine(let engine) = source { return engine }
    return known.withLock { $0.engine }
  }

  var pendingCount: Int { engine?.pendingCount ?? 0 }
  var statistics: EngineStatistics { engine?.statistics ?? EngineStatistics() }

  /// The model with its engine, which is loaded if it is not there.
  ///
  /// - Throws: what its loader throws.
  func loaded() async throws -> BackendModel {
    let engine: any TextEngine
    switch source {
    case .engine(let there): engine = there
    case .store(let store, _):
      guard let loaded = try await store.engine(named: name) else { throw APIError.internalError }
      known.withLock { $0.engine = loaded }
      engine = loaded
    }
    let output = known.withLock { known in
      let output = known.output ?? engine.output
      known.output = output
      return output
    }
    return BackendModel(
      name: name, engine: engine, recordID: recordID, output: output, breakers: breakers)
  }
}
