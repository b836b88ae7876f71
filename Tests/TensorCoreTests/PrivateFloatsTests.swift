// Numbers that tell what people say: copied whole, and nothing left of them.

import TensorCore
import TestSupport
import Testing

@Suite struct PrivateFloatsTests {
  @Test("Values are kept, and those that were taken over are gone")
  func values() throws {
    for count in [0, 1, 1_023, 5_000] {
      var values = (0..<count).map { Float($0) + 0.5 }
      let expected = values
      let copy = try PrivateFloats(values)
      #expect(copy.copied == expected && values == expected)
      let taken = try PrivateFloats(taking: &values)
      #expect(taken.count == count && taken.copied == expected && values.isEmpty)
    }
    let zeros = try PrivateFloats(count: 3)
    zeros[1] = 2
    #expect(zeros.copied == [0, 2, 0] && Array(zeros[1..<3]) == [2, 0])
    let others = try PrivateFloats(count: 5)
    others.copy(0..<2, of: zeros, to: 3)
    #expect(others.copied == [0, 0, 0, 0, 2])
  }

  @Test("More than there is, is refused", arguments: [Int.max, Int.max / 4, 1 << 60, -1])
  func tooMany(count: Int) {
    #expect(throws: AllocationError.self) { try PrivateFloats(count: count) }
  }
}
