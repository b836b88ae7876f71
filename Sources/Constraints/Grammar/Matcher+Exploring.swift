// Walks through a grammar before it is used, so that one that becomes ever larger while it is read
// is refused at once rather than in the middle of an answer.

extension Matcher {
  private static let walkCount = 3
  private static let walkLength = 96
  /// Parts that a byte may add on the way, on average.
  private static let growth = 64

  /// Reads a few long texts. Throws where reading needs more and more.
  mutating func explore() throws(ConstraintError) {
    let known = termCount
    var random: UInt64 = 0x9E37_79B9_7F4A_7C15
    for walk in 0..<Self.walkCount {
      var term = start
      for _ in 0..<Self.walkLength {
        // Xorshift (Marsaglia 2003); the first walk prefers the first bytes.
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        let offset = walk == 0 ? 0 : Int(random % UInt64(classes.count))
        var next = Term.never
        for index in 0..<classes.count {
          let byte = classes.representatives[(index + offset) % classes.count]
          next = try advance(term, byte)
          if next != .never { break }
        }
        if next == .never { break }
        term = next
        guard termCount - known <= Self.growth * Self.walkLength * Self.walkCount else {
          throw ConstraintError(
            .tooComplex, "the constraint needs more and more memory: make it less ambiguous")
        }
      }
    }
  }
}
