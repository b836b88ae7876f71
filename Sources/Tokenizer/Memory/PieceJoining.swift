// Joining many short strings into one, eight bytes at a time.

extension StringTable {
  /// The strings with those of the numbers `ids` that satisfy `isWanted`, one after another. All
  /// of these must be in `0..<count`.
  func joined(_ ids: [Int32], _ isWanted: (Int32) -> Bool) -> [UInt8] {
    var total = 0
    for id in ids where isWanted(id) { total += range(of: Int(id)).count }
    return bytes.withUnsafeBytes { source in
      [UInt8](unsafeUninitializedCapacity: total) { buffer, count in
        let target = UnsafeMutableRawBufferPointer(buffer)
        for id in ids where isWanted(id) {
          let range = range(of: Int(id))
          if range.count <= 8, range.lowerBound + 8 <= source.count, count + 8 <= total {
            // What is copied too much is overwritten by the next string.
            target.storeBytes(
              of: source.loadUnaligned(fromByteOffset: range.lowerBound, as: UInt64.self),
              toByteOffset: count, as: UInt64.self)
          } else {
            UnsafeMutableRawBufferPointer(rebasing: target[count..<count + range.count])
              .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[range]))
          }
          count += range.count
        }
      }
    }
  }
}
