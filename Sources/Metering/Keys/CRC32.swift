// The checksum at the end of an API key: CRC-32 as in gzip and PNG (ISO 3309, reflected 0xEDB88320).

/// The checksum that tells a mistyped key from a wrong one without asking anybody.
enum CRC32 {
  /// Of the 16 values of half a byte: one line of a cache, where a table of bytes has 16 to miss.
  private static let table: [UInt32] = (0..<16).map { index in
    (0..<4).reduce(UInt32(index)) { value, _ in
      value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1
    }
  }

  /// The checksum of some bytes; that of "123456789" is 0xCBF43926.
  static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    ~bytes.reduce(UInt32.max) { value, byte in
      let mixed = value ^ UInt32(byte)
      let half = mixed >> 4 ^ table[Int(mixed & 15)]
      return half >> 4 ^ table[Int(half & 15)]
    }
  }
}
