// FLAC as RFC 9639 has it: metadata, then frames that are decoded one after the other.

/// A FLAC file. A last frame that is cut off is left out; any other fault is an error, since every
/// frame has its checksums.
struct FLACFile: SampleSource {
  let formatName = "FLAC"
  let sampleRate: Int
  let frameCount: Int?

  private let bytes: [UInt8]
  private let bitsPerSample: Int
  private var position: Int
  /// Frames of samples that are still to come, where the file says so.
  private var remaining: Int
  private var hasDecoded = false
  /// Samples of each channel of a frame.
  private var channels: [[Int]] = []

  /// The file whose `fLaC` stands at `start`.
  init(_ bytes: [UInt8], from start: Int) throws(AudioError) {
    self.bytes = bytes
    var block = start + 4
    // The first block describes the stream: its rate in 20 bits, channels in 3, bits of a sample
    // in 5, frames in 36.
    guard let fields = bytes.bigEndian(at: block + 14, byteCount: 8), bytes[block] & 0x7f == 0
    else {
      throw AudioError.damaged("FLAC", "it does not begin with its description")
    }
    sampleRate = Int(fields >> 44)
    bitsPerSample = Int(fields >> 36 & 31) + 1
    let count = Int(fields & 0xf_ffff_ffff)
    // The smallest frame has ten bytes, the largest block 65,536 samples.
    frameCount = count == 0 || count / 6_554 > bytes.count ? nil : count
    remaining = count == 0 ? .max : count
    var isLast = false
    while !isLast {
      guard let header = bytes.bigEndian(at: block, byteCount: 4) else {
        throw AudioError.damaged("FLAC", "it ends within its description")
      }
      isLast = header >> 31 == 1
      block += 4 + Int(header & 0xff_ffff)
    }
    position = block
  }

  mutating func next(_ block: inout [Float]) throws(AudioError) -> Bool {
    block.removeAll(keepingCapacity: true)
    guard remaining > 0, position < bytes.count, !hasTagAtPosition else { return false }
    var reader = BitReader(bytes, fromBit: 8 * position)
    guard let header = try FLACFrameHeader(&reader, of: bytes, from: position),
      try decode(header, &reader)
    else {
      guard hasDecoded else { throw AudioError.damaged("FLAC", "it ends before its first sample") }
      position = bytes.count
      return false
    }
    guard header.sampleRate == nil || header.sampleRate == sampleRate else {
      throw AudioError.unsupported("FLAC whose rate changes")
    }
    hasDecoded = true
    position = reader.position / 8
    mix(header, into: &block)
    remaining -= block.count
    return true
  }

  /// Some programs put a tag behind the last frame.
  private var hasTagAtPosition: Bool {
    bytes.hasText("TAG", at: position) || bytes.hasText("APETAGEX", at: position)
      || bytes.hasText("ID3", at: position)
  }

  /// Decodes the frame behind its header; false where the file ends first.
  private mutating func decode(
    _ header: FLACFrameHeader, _ reader: inout BitReader
  ) throws(AudioError) -> Bool {
    let count = header.channelCount
    while channels.count < count { channels.append([]) }
    for channel in 0..<count {
      if channels[channel].count != header.blockSize {
        channels[channel] = [Int](repeating: 0, count: header.blockSize)
      }
      let bits = (header.bitsPerSample ?? bitsPerSample) + (header.sideChannel == channel ? 1 : 0)
      try FLACSubframe.decode(&reader, bitsPerSample: bits, into: &channels[channel])
      if reader.isPastEnd { return false }
    }
    reader.alignToByte()
    let end = reader.position / 8
    let checksum = reader.read(16)
    if reader.isPastEnd { return false }
    guard checksum == Checksum.crc16.value(of: bytes, in: position..<end) else {
      throw AudioError.damaged("FLAC", "a frame at byte \(position) has another checksum")
    }
    return true
  }

  /// Means of the channels, scaled to -1...1.
  private func mix(_ header: FLACFrameHeader, into block: inout [Float]) {
    let count = min(header.blockSize, remaining)
    let bits = header.bitsPerSample ?? bitsPerSample
    let scale = Float(1 << (bits - 1)) * Float(header.channelCount)
    block.reserveCapacity(count)
    let first = channels[0]
    guard header.channelCount > 1 else {
      for index in 0..<count { block.append(Float(first[index]) / scale) }
      return
    }
    let second = channels[1]
    switch header.stereo {
    // Left plus right of left and side, of side and right, of middle and side.
    case .leftSide:
      for index in 0..<count {
        block.append(Float(2 &* first[index] &- second[index]) / scale)
      }
    case .sideRight:
      for index in 0..<count {
        block.append(Float(2 &* second[index] &+ first[index]) / scale)
      }
    case .midSide:
      // The middle lost its lowest bit, which is that of the side.
      for index in 0..<count {
        block.append(Float(2 &* first[index] | second[index] & 1) / scale)
      }
    case .independent:
      for index in 0..<count {
        var sum = 0
        for channel in 0..<header.channelCount { sum &+= channels[channel][index] }
        block.append(Float(sum) / scale)
      }
    }
  }
}
