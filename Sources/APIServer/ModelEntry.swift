// A model that is served, whether it is loaded or not.

import Metering
import Synchronization
import Transformer

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a model is asked for, as `/v1/models` calls it; what people want first stands first.
enum ModelKind: String, CaseIterable {
  /// It answers messages.
  case chat
  /// It continues text, and has no template for messages.
  case base
  /// It turns texts into vectors and writes none.
  case embedding
  /// It writes down what is said in a recording, and reads no text.
  case transcription
}

/// What the server knows of a model at any time, and the way to its engine.
final class ModelEntry: Sendable {
  private struct Known {
    /// The engine that was asked for last, for as long as somebody holds it.
    weak var engine: Engine?
    /// The same for every engine of the model.
    var outputs: ModelOutputs?
    /// SHA-256 of what its tokens are made by, in hex; nil until it was first loaded.
    var tokenizerHash: String?
    /// Whether the newest try to load it failed.
    var failsToLoad = false
  }

  let name: String
  /// The number that records know it by.
  let recordID: ModelID
  let facts: ModelFacts
  let contextLength: Int
  let hasChatTemplate: Bool
  /// Where recordings are given to it; nil for a model that reads text.
  let desk: TranscriptionDesk?
  private let source: ServedModel.Source
  private let ledger: UsageStore?
  /// Where the file of a model lies that is loaded on demand.
  private let path: String?
  private let breakers = BreakerTokens()
  /// Probes of it that wait or are computed: they are no use of it.
  let probeCount = Atomic(0)
  private let known: Mutex<Known>

  /// - Parameter ledger: what notes the model's tokenizer, for receipts; nil where nothing is kept.
  init(_ model: ServedModel, recordID: ModelID, ledger: UsageStore?) throws(UsageStoreError) {
    name = model.name
    self.recordID = recordID
    self.ledger = ledger
    source = model.source
    switch model.source {
    case .engine(let engine):
      facts = engine.facts
      contextLength = engine.contextLength
      hasChatTemplate = engine.hasChatTemplate
      desk = nil
      path = nil
      known = Mutex(Known(tokenizerHash: try Self.note(engine, recordID, ledger)))
    case .store(_, let description):
      facts = ModelFacts(description.info)
      contextLength = description.contextLength
      hasChatTemplate = description.hasChatTemplate
      desk = nil
      path = description.info.path
      known = Mutex(Known())
    case .transcriber(let transcriber):
      facts = transcriber.facts
      contextLength = transcriber.facts.trainedContextLength
      hasChatTemplate = false
      desk = TranscriptionDesk(transcriber)
      path = nil
      known = Mutex(Known())
    }
  }

  /// Notes by what an engine makes its tokens, before it makes any that are counted.
  private static func note(
    _ engine: any TextEngine, _ model: ModelID, _ ledger: UsageStore?
  ) throws(UsageStoreError) -> String? {
    guard let form = engine.tokenizerBytes() else { return nil }
    try ledger?.noteTokenizer(form, of: model)
    return hexText(TokenizerRecord.hash(of: form))
  }

  /// SHA-256 of what its tokens are made by, in hex; nil where it was not loaded yet.
  var tokenizerHash: String? { known.withLock { $0.tokenizerHash } }

  var kind: ModelKind {
    if desk != nil { return .transcription }
    return facts.isEncoder ? .embedding : hasChatTemplate ? .chat : .base
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

  /// Whether it is in memory.
  var isLoaded: Bool { desk != nil || engine != nil }

  /// Whether it could be loaded, as far as that is known without loading it: its file is there, and
  /// the newest try did not fail.
  var isReady: Bool {
    path.map { access($0, R_OK) == 0 } ?? true && !known.withLock { $0.failsToLoad }
  }

  var pendingCount: Int { desk?.pendingCount ?? engine?.pendingCount ?? 0 }
  var statistics: EngineStatistics { engine?.statistics ?? EngineStatistics() }

  /// The model with its engine, which is loaded if it is not there.
  ///
  /// - Throws: what its loader throws, or `APIError` for a model that reads no text.
  func loaded() async throws -> BackendModel {
    let engine: any TextEngine
    switch source {
    case .transcriber: throw APIError.takesRecordings(model: name)
    case .engine(let there): engine = there
    case .store(let store, _):
      let loaded = try await load(from: store)
      if tokenizerHash == nil {
        let hash = try Self.note(loaded, recordID, ledger)
        known.withLock { $0.tokenizerHash = hash }
      }
      known.withLock { $0.engine = loaded }
      engine = loaded
    }
    let outputs = known.withLock { known in
      let outputs = known.outputs ?? engine.outputs
      known.outputs = outputs
      return outputs
    }
    return BackendModel(
      name: name, engine: engine, recordID: recordID, outputs: outputs, breakers: breakers)
  }

  private func load(from store: EngineStore) async throws -> Engine {
    do {
      guard let engine = try await store.engine(named: name) else { throw APIError.internalError }
      known.withLock { $0.failsToLoad = false }
      return engine
    } catch {
      known.withLock { $0.failsToLoad = true }
      throw error
    }
  }
}
