// How many bytes zlib would make of a text: what repeats itself compresses well.
//
// The search for matches is that of zlib's level 6 (deflate, RFC 1951; zlib, RFC 1950), since
// Whisper's threshold was chosen by it. Nothing is written: bits are counted.

/// Sizes of texts as zlib would compress them.
package enum CompressedSize {
  /// Bytes of the compressed `bytes`; within a byte or two where code lengths would have to be cut.
  /// Takes the first 16,384 bytes at most.
  package static func bytes(of bytes: [UInt8]) -> Int {
    let bytes = Array(bytes.prefix(1 << 14))
    var literals = [Int](repeating: 0, count: 286)
    var distances = [Int](repeating: 0, count: 30)
    literals[256] = 1
    var extraBits = 0
    Matches(bytes).forEach { symbol in
      switch symbol {
      case .literal(let byte): literals[Int(byte)] += 1
      case .match(let length, let distance):
        let ofLength = place(of: length - 3, perStep: 4, last: 28)
        let ofDistance = place(of: distance - 1, perStep: 2, last: 29)
        literals[257 + (length == 258 ? 28 : ofLength.code)] += 1
        distances[ofDistance.code] += 1
        extraBits += (length == 258 ? 0 : ofLength.bits) + ofDistance.bits
      }
    }
    let fixed = zip(literals.indices, literals).reduce(0) { sum, symbol in
      sum + symbol.1 * (symbol.0 < 144 ? 8 : symbol.0 < 256 ? 9 : symbol.0 < 280 ? 7 : 8)
    }
    let fixedBits = 3 + fixed + 5 * distances.reduce(0, +) + extraBits
    let bits = min(fixedBits, 3 + dynamicBits(literals, distances) + extraBits)
    // Two bytes in front, a checksum behind; or stored as it is.
    return 6 + min((bits + 7) / 8, 5 + bytes.count)
  }

  /// The code of a length or distance, counted from 0, and how many bits follow it.
  private static func place(of value: Int, perStep: Int, last: Int) -> (code: Int, bits: Int) {
    guard value >= 2 * perStep else { return (value, 0) }
    var bits = 1
    while value >> bits >= 2 * perStep { bits += 1 }
    return (min(last, bits * perStep + value >> bits), bits)
  }

  /// Bits of a block with codes of its own, but for what follows codes.
  private static func dynamicBits(_ literals: [Int], _ distances: [Int]) -> Int {
    let ofLiterals = codeLengths(literals, atLeast: 1)
    let ofDistances = codeLengths(distances, atLeast: 2)
    var bits = zip(literals, ofLiterals).reduce(0) { $0 + $1.0 * $1.1 }
    bits += zip(distances, ofDistances).reduce(0) { $0 + $1.0 * $1.1 }
    var runs = [Int](repeating: 0, count: 19)
    for lengths in [ofLiterals, ofDistances] { countRuns(lengths, &runs) }
    let ofRuns = codeLengths(runs, atLeast: 2)
    bits += zip(runs, ofRuns).reduce(0) { $0 + $1.0 * $1.1 }
    bits += 2 * runs[16] + 3 * runs[17] + 7 * runs[18]
    let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    let used = max(3, order.lastIndex { ofRuns[$0] > 0 } ?? 0)
    return bits + 14 + 3 * (used + 1)
  }

  /// Counts the codes for lengths, and for repetitions of them, that stand before the block.
  private static func countRuns(_ lengths: [Int], _ runs: inout [Int]) {
    let end = (lengths.lastIndex { $0 > 0 } ?? 0) + 1
    var (previous, count) = (-1, 0)
    var (most, least) = lengths[0] == 0 ? (138, 3) : (7, 4)
    for index in 0..<end {
      let (length, next) = (lengths[index], index + 1 < end ? lengths[index + 1] : -1)
      count += 1
      if count < most, length == next { continue }
      if count < least {
        runs[length] += count
      } else if length != 0 {
        if length != previous { runs[length] += 1 }
        runs[16] += 1
      } else {
        runs[count <= 10 ? 17 : 18] += 1
      }
      (previous, count) = (length, 0)
      (most, least) = next == 0 ? (138, 3) : length == next ? (6, 3) : (7, 4)
    }
  }

  /// Lengths of Huffman's codes for symbols with these frequencies, 0 for those that do not occur.
  ///
  /// - Parameter least: so many symbols get a code in any case.
  private static func codeLengths(_ frequencies: [Int], atLeast least: Int) -> [Int] {
    var used = frequencies.indices.filter { frequencies[$0] > 0 }
    var unused = frequencies.indices.lazy.filter { frequencies[$0] == 0 }.makeIterator()
    while used.count < least, let symbol = unused.next() { used.append(symbol) }
    var lengths = [Int](repeating: 0, count: frequencies.count)
    var nodes = used.map { (weight: max(1, frequencies[$0]), depth: 0, symbols: [$0]) }
    if nodes.count == 1 { lengths[used[0]] = 1 }
    while nodes.count > 1 {
      nodes.sort { ($0.weight, $0.depth) > ($1.weight, $1.depth) }
      let (one, other) = (nodes.removeLast(), nodes.removeLast())
      for symbol in one.symbols + other.symbols { lengths[symbol] += 1 }
      nodes.append(
        (one.weight + other.weight, max(one.depth, other.depth) + 1, one.symbols + other.symbols))
    }
    return lengths
  }
}

/// What a text is made of: bytes, and repetitions of what stood before.
private struct Matches {
  enum Symbol {
    case literal(UInt8)
    case match(length: Int, distance: Int)
  }

  private let bytes: [UInt8]
  /// The place before each that begins with the same three bytes, 0 for none: the first place is
  /// never found again.
  private var previous: [Int]
  private var heads: [UInt32: Int] = [:]

  private static let (good, lazy, nice, chain, far) = (8, 16, 128, 128, 4_096)
  private static let (shortest, longest) = (3, 258)

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    previous = [Int](repeating: 0, count: bytes.count)
  }

  /// Gives the symbols in order. A match is put off by a byte where the next place has a longer
  /// one.
  consuming func forEach(_ body: (Symbol) -> Void) {
    var (place, isPending) = (0, false)
    var (length, start) = (2, 0)
    while place < bytes.count {
      let head = insert(place)
      let (lastLength, lastStart) = (length, start)
      length = 2
      if head > 0, lastLength < Self.lazy {
        (length, start) = longestMatch(from: head, at: place, beyond: lastLength)
        if length == Self.shortest, place - start > Self.far { length = 2 }
      }
      if lastLength >= Self.shortest, length <= lastLength {
        body(.match(length: lastLength, distance: place - 1 - lastStart))
        for inner in place + 1..<max(place + 1, place + lastLength - 1) { _ = insert(inner) }
        place += lastLength - 1
        (isPending, length) = (false, 2)
      } else {
        if isPending { body(.literal(bytes[place - 1])) }
        isPending = true
        place += 1
      }
    }
    if isPending { body(.literal(bytes[bytes.count - 1])) }
  }

  /// Notes a place; the last one before it that begins alike.
  private mutating func insert(_ place: Int) -> Int {
    guard place + 2 < bytes.count else { return 0 }
    let key =
      UInt32(bytes[place]) << 16 | UInt32(bytes[place + 1]) << 8 | UInt32(bytes[place + 2])
    let head = heads.updateValue(place, forKey: key) ?? 0
    previous[place] = head
    return head
  }

  private func longestMatch(
    from head: Int, at place: Int, beyond last: Int
  ) -> (length: Int, start: Int) {
    let room = min(Self.longest, bytes.count - place)
    var (candidate, best, start) = (head, last, 0)
    for _ in 0..<(last >= Self.good ? Self.chain / 4 : Self.chain) where candidate > 0 {
      var length = 0
      while length < room, bytes[candidate + length] == bytes[place + length] { length += 1 }
      if length > best {
        (best, start) = (length, candidate)
        if length >= min(Self.nice, room) { break }
      }
      candidate = previous[candidate]
    }
    return (min(best, room), start)
  }
}
