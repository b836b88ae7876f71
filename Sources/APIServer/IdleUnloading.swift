// Lets go of models that nobody asked for in a while.

import ServiceLifecycle
import Transformer

/// Looks at stores of engines now and then, until the server ends.
struct IdleUnloading: Service {
  let stores: [EngineStore]
  let models: [ModelEntry]

  private static let interval = Duration.seconds(10)

  func run() async {
    await cancelWhenGracefulShutdown {
      while (try? await Task.sleep(for: Self.interval)) != nil {
        let probes = Dictionary(
          uniqueKeysWithValues: models.map { ($0.name, $0.probeCount.load(ordering: .acquiring)) })
        for store in stores { await store.unloadIdle(notCounting: probes) }
      }
    }
  }
}
