// Numbers that tell what people say, and of which nobody knows beforehand how many there will be.

/// Floats that come one after another. Where there is no room for more, all of them move to a place
/// of twice the size, and where they stood is wiped.
package struct GrowingFloats {
  private var floats: PrivateFloats?
  /// How many have come.
  package private(set) var count = 0

  package init() {}

  /// Takes further ones.
  ///
  /// - Parameter expected: how many there will be in all, as far as that is known: for so many there
  ///   is room from the beginning.
  /// - Throws: where the system has not so much memory.
  package mutating func append(
    _ values: [Float], expecting expected: Int = 0
  ) throws(AllocationError) {
    let end = count + values.count
    let room = floats?.count ?? 0
    if end > room { try move(toRoomFor: max(end, expected, 2 * room)) }
    floats?.copy(values, to: count)
    count = end
  }

  /// All of them: as they are where their number was the expected one, else copied. Nothing may be
  /// appended while somebody holds them.
  ///
  /// - Throws: where the system has not so much memory.
  package func values() throws(AllocationError) -> PrivateFloats {
    if let floats, floats.count == count { return floats }
    let exact = try PrivateFloats(count: count)
    if let floats { exact.copy(0..<count, of: floats, to: 0) }
    return exact
  }

  private mutating func move(toRoomFor room: Int) throws(AllocationError) {
    let larger = try PrivateFloats(count: room)
    if let floats { larger.copy(0..<count, of: floats, to: 0) }
    floats = larger
  }
}
