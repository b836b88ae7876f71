// The head of a frame (RFC 9639, section 9.1).

/// What a frame says of itself; nil where it takes what the file says.
struct FLACFrameHeader {
  enum Stereo { case independent, leftSide, sideRight, midSide }

  /// Samples of each channel, 1 to 65,536.
  let blockSize: Int
  let sampleRate: Int?
  /// 1 to 8.
  let channelCount: Int
  let stereo: Stereo
  let bitsPerSample: Int?

  /// The channel that holds a difference, and so has a bit more.
  var sideChannel: Int? {
    switch stereo {
    case .independent: nil
    case .leftSide, .midSide: 1
    case .sideRight: 0
    }
  }

  /// Reads the head of the frame at byte `start`, where the reader is; nil where the file ends
  /// first.
  init?(_ reader: inout BitReader, of bytes: [UInt8], from start: Int) throws(AudioError) {
    let sync = reader.read(15)
    _ = reader.read(1)  // whether blocks vary in size, which their heads tell as well
    let sizeCode = reader.read(4)
    let rateCode = reader.read(4)
    let channelCode = reader.read(4)
    let bitsCode = reader.read(3)
    let reserved = reader.read(1)
    // The number of the frame or sample, written as UTF-8 writes a character.
    let lead = UInt8(reader.read(8))
    for _ in 0..<max(0, (~lead).leadingZeroBitCount - 1) { _ = reader.read(8) }
    switch sizeCode {
    case 1: blockSize = 192
    case 2...5: blockSize = 144 << sizeCode
    case 6: blockSize = reader.read(8) + 1
    case 7: blockSize = reader.read(16) + 1
    default: blockSize = 1 << sizeCode
    }
    let rates = [
      nil, 88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000,
    ]
    switch rateCode {
    case 12: sampleRate = reader.read(8) * 1_000
    case 13: sampleRate = reader.read(16)
    case 14: sampleRate = reader.read(16) * 10
    default: sampleRate = rateCode < 12 ? rates[rateCode] : nil
    }
    let depths = [nil, 8, 12, nil, 16, 20, 24, 32]
    bitsPerSample = depths[bitsCode]
    channelCount = channelCode < 8 ? channelCode + 1 : 2
    let stereos: [Stereo] = [.leftSide, .sideRight, .midSide]
    stereo = 8...10 ~= channelCode ? stereos[channelCode - 8] : .independent
    let end = reader.position / 8
    let checksum = reader.read(8)
    if reader.isPastEnd { return nil }
    guard sync == 0b111_1111_1111_1100, reserved == 0, sizeCode != 0, rateCode != 15,
      channelCode <= 10, bitsCode != 3, checksum == Checksum.crc8.value(of: bytes, in: start..<end)
    else { throw AudioError.damaged("FLAC", "no frame begins at byte \(start)") }
  }
}
