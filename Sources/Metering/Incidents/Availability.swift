// How long a model was there, out of the rows of its probes and nothing else: who has the rows gets
// the same figure.

/// What one probe found.
package struct ProbeRow: Hashable, Sendable {
  package let model: ModelID
  /// Milliseconds since 1970.
  package let atMilliseconds: Int64
  /// Whether a token came.
  package let isAnswered: Bool
  /// Until it came, or until nobody waited any more.
  package let microseconds: Int64

  /// One probe.
  package init(model: ModelID, atMilliseconds: Int64, isAnswered: Bool, microseconds: Int64) {
    self.model = model
    self.atMilliseconds = atMilliseconds
    self.isAnswered = isAnswered
    self.microseconds = microseconds
  }
}

/// Measured time and the part of it in which a model was there, in milliseconds.
package struct Availability: Hashable, Sendable {
  /// How long an answered probe speaks for its model where no other follows: a server that is down
  /// probes nothing, and that time counts as missed.
  package static let reachMilliseconds: Int64 = 15_000

  /// The longest time between two probes: less than that is one finding, and no measure of time.
  package static let leastMilliseconds: Int64 = 4000

  package private(set) var measured: Int64 = 0
  package private(set) var up: Int64 = 0
  private var last: (at: Int64, isAnswered: Bool)?

  /// Nothing measured.
  package init() {}

  package static func == (left: Self, right: Self) -> Bool {
    (left.measured, left.up) == (right.measured, right.up)
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(measured)
    hasher.combine(up)
  }

  /// Takes the next probe into account; they come in the order of time.
  package mutating func add(at: Int64, isAnswered: Bool) {
    close(at: at)
    last = (at, isAnswered)
  }

  /// Ends the time that is measured.
  package mutating func close(at end: Int64) {
    guard let last, end > last.at else { return }
    measured += end - last.at
    if last.isAnswered { up += min(end - last.at, Self.reachMilliseconds) }
    self.last = (end, false)
  }

  /// Parts in a million; nil where less was measured than lies between two probes.
  package var partsPerMillion: Int64? {
    measured >= Self.leastMilliseconds ? up * 1_000_000 / measured : nil
  }
}
