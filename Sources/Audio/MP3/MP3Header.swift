// The four bytes that a frame of MPEG audio begins with (ISO/IEC 11172-3 and 13818-3, 2.4.1.3, and
// "MPEG 2.5" with half the rates of the latter).

/// The head of a frame of layer III whose bit rate is told.
struct MP3Header {
  /// Sampling rates belong to MPEG-1, to MPEG-2 as their halves, or to MPEG-2.5 as their quarters.
  enum Version: Int { case mpeg1, mpeg2, mpeg25 }

  let version: Version
  /// Of the rates of a version: 0 for 44,100 Hz or its half or quarter, 1 for 48,000, 2 for 32,000.
  let rateIndex: Int
  let hasChecksum: Bool
  let channelCount: Int
  /// Whether both channels may be written as sum and difference.
  let usesMiddleSide: Bool
  /// Whether the second channel may be written as a direction.
  let usesIntensity: Bool
  /// Bytes of the frame, this header among them.
  let byteCount: Int

  var sampleRate: Int { [44_100, 48_000, 32_000][rateIndex] >> version.rawValue }
  /// Granules of 576 samples for each channel.
  var granuleCount: Int { version == .mpeg1 ? 2 : 1 }
  var sampleCount: Int { 576 * granuleCount }
  /// Bytes of what follows the header and its checksum, before the main data.
  var sideByteCount: Int {
    version == .mpeg1 ? (channelCount == 1 ? 17 : 32) : (channelCount == 1 ? 9 : 17)
  }
  /// Bytes of header and checksum.
  var headByteCount: Int { hasChecksum ? 6 : 4 }

  private static let bitRates = [
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
  ]

  /// The header at an offset, if one is there.
  init?(_ bytes: [UInt8], at offset: Int) {
    guard offset + 4 <= bytes.count, bytes[offset] == 0xff, bytes[offset + 1] & 0xe6 == 0xe2 else {
      return nil
    }
    let (first, second, third) = (bytes[offset + 1], bytes[offset + 2], bytes[offset + 3])
    switch first >> 3 & 3 {
    case 0: version = .mpeg25
    case 2: version = .mpeg2
    case 3: version = .mpeg1
    default: return nil
    }
    let bitRate = Int(second >> 4)
    rateIndex = Int(second >> 2 & 3)
    guard 1..<15 ~= bitRate, rateIndex < 3, third & 3 != 2 else { return nil }
    hasChecksum = first & 1 == 0
    channelCount = third >> 6 == 3 ? 1 : 2
    usesMiddleSide = third >> 6 == 1 && third & 0x20 != 0
    usesIntensity = third >> 6 == 1 && third & 0x10 != 0
    let bits = Self.bitRates[version == .mpeg1 ? 0 : 1][bitRate] * (version == .mpeg1 ? 144 : 72)
    let rate = [44_100, 48_000, 32_000][rateIndex] >> version.rawValue
    byteCount = bits * 1_000 / rate + Int(second >> 1 & 1)
    guard byteCount >= headByteCount + sideByteCount else { return nil }
  }

  /// Whether frames with both headers may be of one stream.
  func matches(_ other: MP3Header) -> Bool {
    version == other.version && rateIndex == other.rateIndex
  }

  /// Whether so many frames follow the one with this header at an offset, as far as bytes go.
  func isFollowed(by count: Int, in bytes: [UInt8], at offset: Int) -> Bool {
    var end = offset + byteCount
    for _ in 0..<count {
      guard end + 4 <= bytes.count else { return true }
      guard let next = MP3Header(bytes, at: end), matches(next) else { return false }
      end += next.byteCount
    }
    return true
  }

  /// Where the first frame of a stream begins, at `start` or in the 64 KiB behind.
  static func first(in bytes: [UInt8], from start: Int) -> Int? {
    if let header = MP3Header(bytes, at: start), header.isFollowed(by: 1, in: bytes, at: start) {
      return start
    }
    for offset in start..<min(start + 65_536, bytes.count) {
      guard let header = MP3Header(bytes, at: offset) else { continue }
      // Behind something else it takes more to be sure.
      if offset + 3 * header.byteCount < bytes.count,
        header.isFollowed(by: 3, in: bytes, at: offset)
      {
        return offset
      }
    }
    return nil
  }
}
