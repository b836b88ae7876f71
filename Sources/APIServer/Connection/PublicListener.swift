// The listener of the public API, which an incident measure closes and opens again.

import Metering
import ServiceLifecycle

/// Listens while no measure isolates the server. Closing it ends every connection at once.
struct PublicListener: Service {
  let meter: Meter
  /// A listener on the same address each time.
  let makeListener: @Sendable () -> any Service

  func run() async throws {
    repeat {
      await cancelWhenGracefulShutdown { await meter.wait { !$0.isIsolated } }
      if Task.isShuttingDownGracefully || Task.isCancelled { return }
    } while try await wasIsolated(makeListener())
  }

  /// Listens to the end, or until a measure closes the listener, which gives true.
  private func wasIsolated(_ listener: any Service) async throws -> Bool {
    try await withThrowingTaskGroup(of: Bool.self) { tasks in
      tasks.addTask {
        try await listener.run()
        return false
      }
      tasks.addTask {
        await meter.wait { $0.isIsolated }
        return true
      }
      let isIsolated = try await tasks.next() == true
      tasks.cancelAll()
      // What is cancelled says so by an error.
      while await tasks.nextResult() != nil {}
      return isIsolated
    }
  }
}

extension Meter {
  /// Waits until the measures that hold are so, or the task is cancelled.
  func wait(until condition: (ServerMeasures) -> Bool) async {
    for await _ in changes() where condition(measures) { return }
  }
}
