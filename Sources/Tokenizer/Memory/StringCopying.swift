// Strings copied from memory that somebody else owns.

extension StringTable {
  /// Copies `count` strings that lie one after another in `source`, each behind its length as a
  /// little-endian number of 64 bits. Nil if they go beyond `source`, or have more than 4 GiB.
  package init?(lengthPrefixed source: UnsafeRawBufferPointer, count: Int) {
    guard count >= 0, count <= source.count / 8, source.count - 8 * count <= UInt32.max else {
      return nil
    }
    var bounds: [UInt32] = []
    bytes = [UInt8](unsafeUninitializedCapacity: source.count - 8 * count) { buffer, total in
      let target = UnsafeMutableRawBufferPointer(buffer)
      bounds = [UInt32](unsafeUninitializedCapacity: count + 1) { bounds, boundCount in
        bounds.initializeElement(at: 0, to: 0)
        boundCount = 1
        var start = 0
        while boundCount <= count, start + 8 <= source.count {
          let length = source.loadUnaligned(fromByteOffset: start, as: UInt64.self).littleEndian
          start += 8
          guard length <= source.count - start, Int(length) <= target.count - total else { return }
          if length <= 8, start + 8 <= source.count, total + 8 <= target.count {
            // What is copied too much is overwritten by the next string.
            target.storeBytes(
              of: source.loadUnaligned(fromByteOffset: start, as: UInt64.self),
              toByteOffset: total, as: UInt64.self)
          } else {
            UnsafeMutableRawBufferPointer(rebasing: target[total..<total + Int(length)])
              .copyMemory(
                from: UnsafeRawBufferPointer(rebasing: source[start..<start + Int(length)]))
          }
          start += Int(length)
          total += Int(length)
          bounds.initializeElement(at: boundCount, to: UInt32(truncatingIfNeeded: total))
          boundCount += 1
        }
      }
    }
    self.bounds = bounds
    if bounds.count != count + 1 { return nil }
  }
}
