// A distribution of times in fixed buckets, as Prometheus counts them.

/// Times counted by how long they were.
struct Histogram: Sendable {
  /// The upper bounds of the buckets in seconds, ascending; a last one has none.
  let bounds: [Double]
  /// How many times fell into each bucket and no lower one.
  private(set) var counts: [Int]
  /// Seconds.
  private(set) var sum = 0.0

  init(bounds: [Double]) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count + 1)
  }

  mutating func add(_ time: Duration) {
    let seconds = time / .seconds(1)
    counts[bounds.firstIndex { seconds <= $0 } ?? bounds.count] += 1
    sum += seconds
  }
}
