// The hidden states of a text on their way to one vector.

import Synchronization

/// Takes hidden states in order of position. The engine's thread writes, whoever asked reads.
final class PooledStates: Sendable {
  private struct State {
    var sum: [Double]
    var newest: [Float] = []
    var count = 0
  }

  private let pooling: Pooling
  private let state: Mutex<State>

  /// - Parameter length: values of a hidden state.
  init(_ pooling: Pooling, length: Int) {
    self.pooling = pooling
    state = Mutex(State(sum: Array(repeating: 0, count: length)))
  }

  /// Forgets all, as the text is read from its beginning again.
  func reset() {
    state.withLock { state in
      state = State(sum: Array(repeating: 0, count: state.sum.count))
    }
  }

  /// Whether the state of a token is needed.
  func wants(_ position: Int, of count: Int) -> Bool {
    switch pooling {
    case .mean: true
    case .first: position == 0
    case .last: position == count - 1
    }
  }

  func add(_ values: [Float]) {
    state.withLock { state in
      state.count += 1
      state.newest = values
      for (index, value) in values.enumerated() { state.sum[index] += Double(value) }
    }
  }

  /// What the states came to; at least one must have been added.
  var vector: [Float] {
    state.withLock { state in
      switch pooling {
      case .mean: state.sum.map { Float($0 / Double(state.count)) }
      case .first, .last: state.newest
      }
    }
  }
}
