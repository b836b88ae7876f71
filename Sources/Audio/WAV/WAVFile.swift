// WAV: RIFF chunks around PCM (Microsoft, "Multimedia Programming Interface"; RF64: EBU Tech 3306).

/// A WAV file. Where its writer did not know the size, or it is larger than the file, the samples
/// end with the file.
struct WAVFile: SampleSource {
  private static let framesPerBlock = 8_192

  let formatName = "WAV"
  let sampleRate: Int
  let frameCount: Int?

  private let bytes: [UInt8]
  private let channelCount: Int
  private let encoding: PCMEncoding
  /// Bytes of one sample of one channel.
  private let sampleWidth: Int
  private var position: Int
  private let end: Int

  /// The file whose `RIFF` stands at `start`.
  init(_ bytes: [UInt8], from start: Int) throws(AudioError) {
    let chunks = try WAVChunks(bytes, from: start)
    guard let format = chunks.format else {
      throw AudioError.damaged("WAV", "it has no 'fmt ' chunk")
    }
    guard let data = chunks.data else {
      throw AudioError.damaged("WAV", "it has no 'data' chunk")
    }
    self.bytes = bytes
    (encoding, sampleWidth) = try PCMEncoding.find(format)
    channelCount = format.channelCount
    sampleRate = format.sampleRate
    frameCount = data.count / (sampleWidth * channelCount)
    position = data.lowerBound
    end = data.upperBound
  }

  mutating func next(_ block: inout [Float]) throws(AudioError) -> Bool {
    let frameBytes = sampleWidth * channelCount
    let count = min(Self.framesPerBlock, (end - position) / frameBytes)
    if block.count != count { block = [Float](repeating: 0, count: count) }
    guard count > 0 else { return false }
    encoding.mix(
      bytes, from: position, sampleWidth: sampleWidth, channelCount: channelCount, into: &block)
    position += count * frameBytes
    return true
  }
}

/// What a `fmt ` chunk says.
struct WAVFormat {
  /// The format tag; that of the sub-format where it is extensible.
  var tag: Int
  /// From 1.
  var channelCount: Int
  var sampleRate: Int
  /// Bytes of a frame, 0 where the writer left it out.
  var frameBytes: Int
  var bitsPerSample: Int
}

/// Where the two chunks are that matter.
struct WAVChunks {
  private static let headerBytes = 8
  /// How sub-formats end that stand for a format tag, behind the tag (Microsoft, `ksmedia.h`).
  private static let subformatEnd: [UInt8] = [
    0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71,
  ]

  private(set) var format: WAVFormat?
  /// The bytes of the samples.
  private(set) var data: Range<Int>?

  init(_ bytes: [UInt8], from start: Int) throws(AudioError) {
    let announced = bytes.littleEndian(at: start + 4, byteCount: 4).map { Int($0) } ?? 0
    var dataBytes: Int?
    var position = start + 12
    while format == nil || data == nil,
      let size = bytes.littleEndian(at: position + 4, byteCount: 4).map({ Int($0) })
    {
      let content = position + Self.headerBytes
      let rest = bytes.count - content
      var taken = size
      if bytes.hasText("fmt ", at: position), format == nil {
        format = try Self.format(bytes, at: content, byteCount: min(size, rest))
      } else if bytes.hasText("ds64", at: position), size >= 16 {
        dataBytes = bytes.littleEndian(at: content + 8, byteCount: 8).map { Int(clamping: $0) }
      } else if bytes.hasText("data", at: position), data == nil {
        if size == 0xffff_ffff { taken = dataBytes ?? rest }
        // A writer that could not come back left 0 here, and in the file's size nothing behind it.
        if taken == 0, announced <= content - start - 8 || announced == 0xffff_ffff { taken = rest }
        data = content..<content + min(taken, rest)
      }
      guard taken < rest else { break }
      position = content + taken + taken % 2
    }
  }

  private static func format(
    _ bytes: [UInt8], at start: Int, byteCount: Int
  ) throws(AudioError) -> WAVFormat {
    guard byteCount >= 16 else {
      throw AudioError.damaged("WAV", "its 'fmt ' chunk has \(byteCount) bytes, not 16 or more")
    }
    func field(_ offset: Int, _ size: Int) -> Int {
      bytes.littleEndian(at: start + offset, byteCount: size).map { Int($0) } ?? 0
    }
    var format = WAVFormat(
      tag: field(0, 2), channelCount: field(2, 2), sampleRate: field(4, 4),
      frameBytes: field(12, 2),
      bitsPerSample: field(14, 2))
    if format.tag == 0xfffe, byteCount >= 40, bytes.has(subformatEnd, at: start + 26) {
      format.tag = field(24, 2)
    }
    guard format.channelCount > 0 else {
      throw AudioError.damaged("WAV", "it has no channels")
    }
    return format
  }
}
