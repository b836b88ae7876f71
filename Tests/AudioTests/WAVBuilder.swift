// WAV files for tests, right or wrong in any field.

/// The parts of a WAV file.
struct WAVBuilder {
  var form = "RIFF"
  /// Format tag; 1 PCM, 3 floats, 6 A-law, 7 mu-law.
  var tag = 1
  var channelCount = 1
  var sampleRate = 16_000
  var bits = 16
  /// Bytes of a frame; what channels and bits give where nil.
  var frameBytes: Int?
  /// Whether the tag stands in an extension.
  var isExtensible = false
  /// What the file says of its sizes; the truth where nil.
  var fileSize: UInt32?
  var dataSize: UInt32?
  /// Chunks between format and data, whole.
  var between: [UInt8] = []
  /// What follows the data.
  var behind: [UInt8] = []
  var data: [UInt8] = []

  /// A chunk with its padding.
  static func chunk(_ name: String, _ content: [UInt8], size: UInt32? = nil) -> [UInt8] {
    Array(name.utf8) + littleEndian(size ?? UInt32(content.count)) + content
      + (content.count % 2 == 1 ? [0] : [])
  }

  static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }

  var bytes: [UInt8] {
    let frame = frameBytes ?? channelCount * ((bits + 7) / 8)
    var format: [UInt8] = []
    format += Self.littleEndian(UInt16(isExtensible ? 0xfffe : tag))
    format += Self.littleEndian(UInt16(channelCount))
    format += Self.littleEndian(UInt32(truncatingIfNeeded: sampleRate))
    format += Self.littleEndian(UInt32(truncatingIfNeeded: sampleRate &* frame))
    format += Self.littleEndian(UInt16(frame)) + Self.littleEndian(UInt16(bits))
    if isExtensible {
      format += [22, 0] + Self.littleEndian(UInt16(bits)) + [0, 0, 0, 0]
      format += Self.littleEndian(UInt16(tag))
      format += [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]
    }
    let content =
      Array("WAVE".utf8) + Self.chunk("fmt ", format) + between
      + Self.chunk("data", data, size: dataSize) + behind
    return Array(form.utf8) + Self.littleEndian(fileSize ?? UInt32(content.count)) + content
  }

  /// 16-bit samples, one after the other.
  init(samples: [Int16] = []) {
    data = samples.flatMap(Self.littleEndian)
  }

  /// 16-bit samples of one channel at a rate, each a function of its time in seconds.
  init(rate: Int, count: Int, _ value: (Double) -> Double) {
    self.init(
      samples: (0..<count).map { Int16((value(Double($0) / Double(rate)) * 32_767).rounded()) })
    sampleRate = rate
  }
}
