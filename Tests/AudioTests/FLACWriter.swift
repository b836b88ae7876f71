// Just enough of FLAC to write what no encoder would.

enum FLACWriter {
  /// `fLaC` and the description of a stream.
  static func head(rate: Int, channelCount: Int, bits: Int, count: Int) -> [UInt8] {
    let fields = rate << 44 | (channelCount - 1) << 41 | (bits - 1) << 36 | count
    let block: [UInt8] = [0, 16, 255, 255, 0, 0, 0, 0, 0, 0]
    return Array("fLaC".utf8) + [0x80, 0, 0, 34] + block
      + (0..<8).map { UInt8(truncatingIfNeeded: fields >> (56 - 8 * $0)) }
      + [UInt8](repeating: 0, count: 16)
  }

  /// A frame of 16 bits whose channels are constant.
  static func constantFrame(blockSize: Int, channelCount: Int) -> [UInt8] {
    // A block size of 16 bits; rate and bits are those of the stream.
    var frame: [UInt8] = [0xff, 0xf8, 0x70, UInt8(channelCount - 1) << 4, 0]
    frame += [UInt8((blockSize - 1) >> 8), UInt8((blockSize - 1) & 0xff)]
    frame.append(UInt8(checksum(frame, polynomial: 0x07, bits: 8)))
    for channel in 0..<channelCount { frame += [0, UInt8(channel), 0x12] }
    let sum = checksum(frame, polynomial: 0x8005, bits: 16)
    return frame + [UInt8(sum >> 8), UInt8(sum & 0xff)]
  }

  private static func checksum(_ bytes: [UInt8], polynomial: Int, bits: Int) -> Int {
    var value = 0
    for byte in bytes {
      value ^= Int(byte) << (bits - 8)
      for _ in 0..<8 {
        value = value << 1 ^ (value >> (bits - 1) & 1) * (polynomial | 1 << bits)
      }
    }
    return value
  }
}
