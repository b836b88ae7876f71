// A plain read of memory in the instructions that every processor of the family has.

/// Adds up `words`, whose count is a multiple of 32.
@inline(never)
func plainReadLoop(words: UnsafeBufferPointer<UInt64>) -> UInt64 {
  var sum = SIMD32<UInt64>.zero
  words.withMemoryRebound(to: SIMD32<UInt64>.self) { vectors in
    for vector in vectors { sum &+= vector }
  }
  return sum.wrappedSum()
}
