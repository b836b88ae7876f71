// One byte per code point in two levels: blocks of 256, equal blocks stored once.

/// A value for each code point below 0x110000.
struct CodePointMap: Sendable {
  /// The values of the first 128 code points, which most text consists of.
  let ascii: [UInt8]
  private let blockOf: [UInt16]
  private let blocks: [UInt8]

  /// A map of runs: each lasts until the next one's start. The first starts at 0.
  init(runs: [(start: UInt32, value: UInt8)]) {
    var blockOf: [UInt16] = []
    var blocks: [UInt8] = []
    var known: [[UInt8]: UInt16] = [:]
    var uniform = [UInt16?](repeating: nil, count: 256)
    blockOf.reserveCapacity(0x1100)
    var run = 0
    for first in stride(from: UInt32(0), to: 0x110000, by: 256) {
      while run + 1 < runs.count, runs[run + 1].start <= first { run += 1 }
      let value = runs[run].value
      if run + 1 == runs.count || runs[run + 1].start >= first + 256,
        let index = uniform[Int(value)]
      {
        blockOf.append(index)
        continue
      }
      var block = [UInt8](repeating: value, count: 256)
      var isUniform = true
      for offset in 0..<256 {
        while run + 1 < runs.count, runs[run + 1].start <= first + UInt32(offset) { run += 1 }
        block[offset] = runs[run].value
        isUniform = isUniform && runs[run].value == value
      }
      let index = known[block] ?? UInt16(blocks.count / 256)
      if known.updateValue(index, forKey: block) == nil { blocks += block }
      if isUniform { uniform[Int(value)] = index }
      blockOf.append(index)
    }
    self.blockOf = blockOf
    self.blocks = blocks
    ascii = Array(blocks[Int(blockOf[0]) * 256..<Int(blockOf[0]) * 256 + 128])
  }

  /// The value of a code point; of U+10FFFF for anything beyond.
  subscript(codePoint: UInt32) -> UInt8 {
    let codePoint = min(codePoint, 0x10FFFF)
    return blocks[Int(blockOf[Int(codePoint >> 8)]) << 8 | Int(codePoint & 0xFF)]
  }
}
