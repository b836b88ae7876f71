// The two checksums of FLAC frames (RFC 9639, sections 9.1.8 and 9.3).

/// A cyclic redundancy check of up to 16 bits, highest bit first, that begins with 0.
struct Checksum {
  /// Of frame headers.
  static let crc8 = Checksum(polynomial: 0x07, bitCount: 8)
  /// Of frames.
  static let crc16 = Checksum(polynomial: 0x8005, bitCount: 16)

  /// What a byte in the upper eight of 16 bits makes of them.
  private let table: [UInt16]
  private let unusedBits: Int

  private init(polynomial: UInt16, bitCount: Int) {
    unusedBits = 16 - bitCount
    let aligned = polynomial << UInt16(16 - bitCount)
    table = (0..<256).map { byte in
      var value = UInt16(byte) << 8
      for _ in 0..<8 { value = value << 1 ^ (value & 0x8000 != 0 ? aligned : 0) }
      return value
    }
  }

  /// The checksum of some bytes.
  func value(of bytes: [UInt8], in range: Range<Int>) -> Int {
    var value: UInt16 = 0
    for index in range { value = value &<< 8 ^ table[Int(value &>> 8 ^ UInt16(bytes[index]))] }
    return Int(value) >> unusedBits
  }
}
