// Ctrl-C stops an answer and not the program.

import Dispatch
import Foundation
import Synchronization

/// Catches SIGINT for as long as it lives; what it does then changes with what is going on.
final class Interrupts {
  /// What a Ctrl-C does now.
  private final class Reaction: Sendable {
    private let action: Mutex<@Sendable () -> Void>

    init(_ action: @escaping @Sendable () -> Void) { self.action = Mutex(action) }

    func callAsFunction() { action.withLock { $0 }() }

    func exchange(_ new: @escaping @Sendable () -> Void) -> @Sendable () -> Void {
      action.withLock { old in
        defer { old = new }
        return old
      }
    }
  }

  private let reaction: Reaction
  private let source: any DispatchSourceSignal

  /// - Parameter action: What a Ctrl-C does while nothing else is asked for.
  init(_ action: @escaping @Sendable () -> Void) {
    let reaction = Reaction(action)
    self.reaction = reaction
    signal(SIGINT, SIG_IGN)
    source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global())
    source.setEventHandler { reaction() }
    source.resume()
  }

  deinit {
    source.cancel()
    signal(SIGINT, SIG_DFL)
  }

  /// Lets a Ctrl-C do `action` while `body` runs.
  func during<Value>(
    _ action: @escaping @Sendable () -> Void, _ body: () async throws -> Value
  ) async rethrows -> Value {
    let previous = reaction.exchange(action)
    defer { _ = reaction.exchange(previous) }
    return try await body()
  }
}
