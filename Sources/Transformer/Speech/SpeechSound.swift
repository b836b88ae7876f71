// A recording on its way to a speech model.

import TensorCore

/// Samples: mono, 16,000 a second, -1...1. They are in no core file, and wiped with the last who
/// holds them.
package final class SpeechSound: Sendable {
  let samples: PrivateFloats
  package var count: Int { samples.count }

  /// Takes samples as they come.
  ///
  /// - Parameter read: gives them block after block, each time with how many there will be in all, as
  ///   far as it knows.
  /// - Throws: what `read` throws, or `AllocationError` where the system has not so much memory.
  package init(
    _ read: (_ take: (_ block: [Float], _ expected: Int) throws -> Void) throws -> Void
  ) throws {
    var samples = GrowingFloats()
    try read { block, expected in try samples.append(block, expecting: expected) }
    self.samples = try samples.values()
  }

  /// Copies samples.
  ///
  /// - Throws: `AllocationError` where the system has not so much memory.
  package init(_ samples: [Float]) throws { self.samples = try PrivateFloats(samples) }
}
