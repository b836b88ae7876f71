// Numbers that tell what people say: kept whole, and nothing left of them where they stood.

import TensorCore
import TestSupport
import Testing

@Suite struct PrivateFloatsTests {
  private func all(_ floats: PrivateFloats) -> [Float] { (0..<floats.count).map { floats[$0] } }

  @Test("Values are kept") func values() throws {
    for count in [0, 1, 1_023, 5_000] {
      let values = (0..<count).map { Float($0) + 0.5 }
      #expect(try all(PrivateFloats(values)) == values)
    }
    let zeros = try PrivateFloats(count: 3)
    zeros[1] = 2
    #expect(all(zeros) == [0, 2, 0] && Array(zeros[1..<3]) == [2, 0])
    let others = try PrivateFloats(count: 5)
    others.copy(0..<2, of: zeros, to: 3)
    others.copy([7, 8], to: 0)
    #expect(all(others) == [7, 8, 0, 0, 2])
    #expect(all(zeros) == [0, 2, 0])
  }

  @Test("What comes piece by piece is kept, and the place that it outgrew is let go")
  func growth() throws {
    for expected in [0, 10, 1_000] {
      var growing = GrowingFloats()
      var whole: [Float] = []
      for count in [3, 0, 1, 20, 400] {
        let piece = (0..<count).map { Float($0) + Float(count) / 1_000 }
        try growing.append(piece, expecting: expected)
        whole += piece
        #expect(growing.count == whole.count)
        #expect(try all(growing.values()) == whole)
      }
    }
    #expect(try GrowingFloats().values().count == 0)
    var growing = GrowingFloats()
    try growing.append([1, 2, 3], expecting: 3)
    weak let place = try growing.values()
    #expect(place?.count == 3)
    try growing.append([4])
    #expect(place == nil)
    #expect(try all(growing.values()) == [1, 2, 3, 4])
  }

  @Test("More than there is, is refused", arguments: [Int.max, Int.max / 4, 1 << 60, -1])
  func tooMany(count: Int) {
    #expect(throws: AllocationError.self) { try PrivateFloats(count: count) }
  }
}
