// Sets of bytes, and the classes of bytes that a grammar cannot tell apart.

/// A set of bytes.
package struct ByteSet: Hashable, Sendable {
  private var words = SIMD4<UInt64>()

  init() {}

  init(_ range: ClosedRange<UInt8>) {
    for byte in range { insert(byte) }
  }

  init(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { insert(byte) }
  }

  mutating func insert(_ byte: UInt8) { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }

  package func contains(_ byte: UInt8) -> Bool {
    words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1
  }

  var isEmpty: Bool { words == .zero }

  mutating func formUnion(_ other: ByteSet) { words |= other.words }

  package func isDisjoint(with other: ByteSet) -> Bool { words & other.words == .zero }
}

/// A partition of the bytes: those of one class are in the same sets.
struct ByteClasses: Sendable {
  /// The class of each byte.
  private(set) var classOf = [UInt8](repeating: 0, count: 256)
  /// The least byte of each class.
  private(set) var representatives: [UInt8] = [0]

  var count: Int { representatives.count }

  init(_ sets: some Sequence<ByteSet>) {
    for set in sets { split(by: set) }
  }

  private mutating func split(by set: ByteSet) {
    if representatives.count == 256 { return }
    // For each class and side the class that it becomes.
    var renamed = [Int](repeating: -1, count: 512)
    var representatives: [UInt8] = []
    for byte in 0...255 {
      let key = Int(classOf[byte]) << 1 | (set.contains(UInt8(byte)) ? 1 : 0)
      if renamed[key] < 0 {
        renamed[key] = representatives.count
        representatives.append(UInt8(byte))
      }
      classOf[byte] = UInt8(renamed[key])
    }
    self.representatives = representatives
  }

  /// The classes as sets.
  var sets: [ByteSet] {
    var sets = [ByteSet](repeating: ByteSet(), count: count)
    for byte in 0...255 { sets[Int(classOf[byte])].insert(UInt8(byte)) }
    return sets
  }
}
