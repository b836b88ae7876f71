// From code words to quantised values (ISO/IEC 11172-3, 2.4.3.4.6).

/// A table of code words, looked up by eight bits and then by the rest.
struct MP3CodeTable: Sendable {
  private static let firstBits = 8

  /// Each entry is that of `MP3CodeWords`; or, with the highest bit, where the table of the rest
  /// begins in the lower 11 bits, and its bits in the 4 above.
  private let entries: [UInt16]

  /// Words in their order, as `MP3CodeWords` has them.
  init(_ words: [UInt16]) {
    var entries: [UInt16] = []
    var rest: [UInt16] = []
    var index = 0
    while entries.count < 1 << Self.firstBits {
      if words[index] >> 8 <= Self.firstBits {
        let copies = 1 << (Self.firstBits - Int(words[index] >> 8))
        entries.append(contentsOf: repeatElement(words[index], count: copies))
        index += 1
        continue
      }
      // All words with these first bits.
      var end = index
      var share = 0.0
      var longest = 0
      while share < 1 {
        let excess = Int(words[end] >> 8) - Self.firstBits
        share += 1 / Double(1 << excess)
        longest = max(longest, excess)
        end += 1
      }
      entries.append(0x8000 | UInt16(longest << 11) | UInt16(rest.count / 2))
      for word in words[index..<end] {
        let copies = 1 << (longest + Self.firstBits - Int(word >> 8))
        rest.append(contentsOf: repeatElement(word, count: copies))
      }
      index = end
    }
    self.entries = entries + rest
  }

  /// The value of the next word.
  @inline(__always)
  func read(_ reader: inout BitReader) -> Int {
    var entry = entries[reader.peek(Self.firstBits)]
    if entry >= 0x8000 {
      let bits = Int(entry >> 11 & 15)
      let place = reader.peek(Self.firstBits &+ bits) & (1 << bits - 1)
      entry = entries[1 << Self.firstBits + 2 * Int(entry & 0x7ff) + place]
    }
    reader.skip(Int(entry >> 8))
    return Int(entry & 0xff)
  }
}

/// The quantised values of a granule of one channel.
struct MP3Quantised {
  /// In the order they are written; 0 from `count` on.
  private(set) var values = [Int](repeating: 0, count: 576)
  private(set) var count = 0

  private let tables = MP3CodeTables.shared

  /// Reads values up to a bit of the reader.
  mutating func read(_ reader: inout BitReader, _ granule: MP3Granule, _ bands: MP3Bands, end: Int)
  {
    var index = readPairs(&reader, granule, bands)
    if reader.position > end { index = 0 }
    // Fours end with the bits: one that goes beyond is none.
    while index + 4 <= 576, reader.position < end {
      let four = granule.usesPlainFours ? 15 - reader.read(4) : tables.fours.read(&reader)
      for place in 0..<4 {
        values[index + place] = four & 8 >> place == 0 ? 0 : reader.read(1) == 1 ? -1 : 1
      }
      guard reader.position <= end else { break }
      index += 4
    }
    count = index
    while index < 576 {
      values[index] = 0
      index += 1
    }
  }

  /// Reads the values that are written as pairs; where they end.
  private mutating func readPairs(
    _ reader: inout BitReader, _ granule: MP3Granule, _ bands: MP3Bands
  ) -> Int {
    let total = 2 * granule.pairCount
    var ends = [total, total, total]
    if let regions = granule.regionBands {
      let starts = bands.longStarts
      ends[0] = min(total, starts[regions.first])
      ends[1] = min(total, starts[min(regions.first + regions.second, 22)])
    } else {
      ends[0] = min(
        total, granule.blocks == .short ? bands.shortRegionEnd : bands.switchedRegionEnd)
    }
    var index = 0
    for region in 0..<3 where index < ends[region] {
      guard let (table, extraBits) = tables.pairs[granule.tables[region]] else {
        while index < ends[region] {
          values[index] = 0
          index += 1
        }
        continue
      }
      while index < ends[region] {
        let pair = table.read(&reader)
        values[index] = signed(&reader, pair >> 4, extraBits)
        values[index + 1] = signed(&reader, pair & 15, extraBits)
        index += 2
      }
    }
    return index
  }

  /// A value with what the largest ones have behind the word, and with its sign.
  @inline(__always)
  private func signed(_ reader: inout BitReader, _ value: Int, _ extraBits: Int) -> Int {
    guard value > 0 else { return 0 }
    let whole = value == 15 ? 15 + reader.read(extraBits) : value
    return reader.read(1) == 1 ? -whole : whole
  }
}

/// The tables by their numbers.
struct MP3CodeTables: Sendable {
  static let shared = MP3CodeTables()

  /// Each with the bits that follow a value of 15; nil where all values are 0, or the number is of
  /// no table.
  let pairs: [(table: MP3CodeTable, extraBits: Int)?]
  let fours = MP3CodeTable(MP3CodeWords.fours)

  private init() {
    typealias Words = MP3CodeWords
    let plain: [[UInt16]?] = [
      nil, Words.table1, Words.table2, Words.table3, nil, Words.table5, Words.table6, Words.table7,
      Words.table8, Words.table9, Words.table10, Words.table11, Words.table12, Words.table13, nil,
      Words.table15,
    ]
    let sixteen = MP3CodeTable(Words.table16)
    let twentyFour = MP3CodeTable(Words.table24)
    pairs =
      plain.map { $0.map { (MP3CodeTable($0), 0) } }
      + [1, 2, 3, 4, 6, 8, 10, 13].map { (sixteen, $0) }
      + [4, 5, 6, 7, 8, 9, 11, 13].map { (twentyFour, $0) }
  }
}
