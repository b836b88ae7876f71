// A request to stop.

import Synchronization

/// A request to stop, set once by anybody and read now and then by what works.
package final class CancellationFlag: Sendable {
  private let value = Atomic<Bool>(false)

  package init() {}

  /// Whether somebody has asked for an end.
  package var isSet: Bool { value.load(ordering: .acquiring) }

  /// Asks for an end.
  package func set() { value.store(true, ordering: .releasing) }
}
