// A recording on its way to a speech model.

import TensorCore

/// Samples: mono, 16,000 a second, -1...1. They are in no core file, and wiped with the last who
/// holds them.
package final class SpeechSound: Sendable {
  let samples: PrivateFloats
  package var count: Int { samples.count }

  /// Takes samples over, and leaves nothing of them.
  ///
  /// - Throws: `AllocationError` where the system has not so much memory.
  package init(taking samples: inout [Float]) throws {
    self.samples = try PrivateFloats(taking: &samples)
  }

  /// Copies samples.
  ///
  /// - Throws: `AllocationError` where the system has not so much memory.
  package init(_ samples: [Float]) throws { self.samples = try PrivateFloats(samples) }
}
