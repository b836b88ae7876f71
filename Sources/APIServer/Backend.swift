// What every request is answered with: the models by name, the meter, the settings.

import Metering
import NIOCore
import Synchronization
import Transformer

/// A loaded model with the number that records know it by.
struct BackendModel: Sendable {
  let name: String
  let engine: any TextEngine
  let recordID: ModelID
  /// How its answers are read.
  let outputs: ModelOutputs
  /// The tokens that break repetitions.
  let breakers: BreakerTokens

  /// How its answers are read where it is shown these functions.
  func output(_ tools: ToolFields?) -> ModelOutput { outputs.output(withTools: tools != nil) }
}

/// Shared by all requests of a server.
final class Backend: Sendable {
  let configuration: Server.Configuration
  let meter: Meter?
  /// What may be done on the administration's listener beside looking.
  let administration: Administration?
  /// In the order they were given.
  let models: [ModelEntry]
  /// Seconds since 1970 when the server was set up.
  let created: Int64
  private let places: [String: Int]
  let metrics = ServerMetrics()
  let activity = Activity()
  let connections = ConnectionCounts()
  let sharedAnswers = SharedAnswers()
  let work = RunningWork()
  let health = ServiceHealth()
  /// Whether a measure has asked for the server to begin anew.
  let wantsRestart = Atomic(false)
  /// Whether somebody has told the server to stop, which is stronger.
  let isToldToStop = Atomic(false)
  private let boundAddress = Mutex("")
  private let port = Mutex<Int?>(nil)

  init(
    models: [ServedModel], meter: Meter?, administration: Administration? = nil,
    configuration: Server.Configuration
  ) throws(ServerError) {
    guard !models.isEmpty else { throw .noModels }
    var known: [ModelEntry] = []
    var places: [String: Int] = [:]
    for (place, model) in models.enumerated() {
      for name in [model.name] + model.aliases {
        guard ShortName(name) != nil else { throw .invalidName(model: place) }
        guard places.updateValue(place, forKey: name) == nil else { throw .duplicateName(name) }
      }
      let recordID = try Self.recordID(model.name, place, meter)
      do {
        known.append(try ModelEntry(model, recordID: recordID, ledger: meter?.store))
      } catch {
        throw .unusableRecords("\(error)")
      }
    }
    self.models = known
    self.places = places
    self.meter = meter
    self.administration = administration
    self.configuration = configuration
    created = MeterClock.system.wallMilliseconds() / 1000
  }

  /// The model of this name or alias.
  func model(named name: String) throws(APIError) -> ModelEntry {
    guard let place = places[name] else { throw APIError(MeterError.modelNotFound) }
    return models[place]
  }

  /// Notes where the server listens and gives it as a URL.
  func listening(on address: SocketAddress?) -> String {
    let host = configuration.host
    let scheme = configuration.tlsCertificate == nil ? "http" : "https"
    let url =
      "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(address?.port ?? configuration.port)"
    boundAddress.withLock { $0 = url }
    port.withLock { $0 = address?.port ?? $0 }
    return url
  }

  /// Where models are kept that are loaded on demand.
  var stores: [EngineStore] {
    var stores: [EngineStore] = []
    for store in models.compactMap(\.store) where !stores.contains(where: { $0 === store }) {
      stores.append(store)
    }
    return stores
  }

  /// The port that the server has listened on; nil before it did.
  var boundPort: Int? { port.withLock { $0 } }

  /// The URL that the server listens on.
  var address: String { boundAddress.withLock { $0 } }

  private static func recordID(
    _ name: String, _ place: Int, _ meter: Meter?
  ) throws(ServerError) -> ModelID {
    guard let meter else { return ModelID(rawValue: Int64(place)) }
    guard let name = ShortName(name) else { throw .invalidName(model: place) }
    do {
      return try meter.modelID(name)
    } catch {
      throw .unusableRecords("\(error)")
    }
  }
}
