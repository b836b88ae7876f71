// The way through what tokens look at.

import TestSupport
import Testing
import Transformer

@Suite struct AlignmentTests {
  @Test("The way through what tokens look at goes forward, and can be cancelled")
  func ways() throws {
    var weights = try AlignmentWeights(rowCount: 3, positionCount: 30)
    for row in 0..<3 {
      for position in 0..<30 {
        weights.scores[row * 30 + position] = position / 10 == row ? 4 : 0
      }
    }
    weights.addHead()
    #expect(try weights.starts(of: 0..<3, isCancelled: { false }) == [0, 10, 20])
    #expect(throws: CancellationError.self) {
      try weights.starts(of: 0..<3, isCancelled: { true })
    }
    // Where the first row looks at its first positions least, it begins there nevertheless.
    var others = try AlignmentWeights(rowCount: 3, positionCount: 30)
    for row in 0..<3 {
      for position in 0..<30 {
        let looked = position < 4 ? 2 : position / 10
        others.scores[row * 30 + position] = looked == row ? 4 : 0
      }
    }
    others.addHead()
    #expect(try others.starts(of: 0..<3, isCancelled: { false }) == [0, 10, 20])
    // A position for each of many tokens, and one for all.
    for (rows, positions) in [(5, 1), (1, 5), (4, 2)] {
      var weights = try AlignmentWeights(rowCount: rows, positionCount: positions)
      weights.addHead()
      let starts = try weights.starts(of: 0..<rows, isCancelled: { false })
      #expect(starts.count == rows && starts[0] == 0 && starts == starts.sorted())
      #expect(starts.allSatisfy { (0..<positions).contains($0) })
    }
  }
}
