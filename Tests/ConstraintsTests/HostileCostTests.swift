// Hostile constraints are refused before they cost much.

import Constraints
import TestSupport
import Testing

struct HostileCostTests {
  /// What a refusal may take of processor time.
  private static let mostTime = Duration.milliseconds(100)
  static let mostBytes = 64 << 20

  @Test(arguments: HostileConstraintTests.hostile.indices)
  func refusalsAreQuick(_ index: Int) async throws {
    let (name, make) = HostileConstraintTests.hostile[index]
    let least = try await leastProcessorTime(within: Self.mostTime) { _ = try? make() }
    #expect(least <= Self.mostTime, "\(name)")
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
