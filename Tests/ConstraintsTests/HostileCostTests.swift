// Hostile constraints are refused before they cost much.

import Constraints
import TestSupport
import Testing

struct HostileCostTests {
  /// What a refusal may take of processor time. The fastest of several counts, as other programs take
  /// away caches.
  private static let mostTime = Duration.milliseconds(100)
  static let mostBytes = 64 << 20

  @Test(arguments: HostileConstraintTests.hostile.indices)
  func refusalsAreQuick(_ index: Int) {
    let (name, make) = HostileConstraintTests.hostile[index]
    let times = (0..<4).map { _ in processorTime { _ = try? make() } }
    #expect(times.min() ?? .zero <= Self.mostTime, "\(name): \(times)")
  }

  @Test func refusalsTakeLittleMemory() async {
    await #expect(processExitsWith: .success) {
      let hostile = HostileConstraintTests.hostile
      let before = ProcessMemory.residentBytes
      for (name, make) in hostile {
        _ = try? make()
        let grown = ProcessMemory.peakBytes - before
        #expect(grown <= HostileCostTests.mostBytes, "after \(name): \(grown >> 20) MiB")
      }
    }
  }
}
