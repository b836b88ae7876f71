// The frame that some encoders put in front, which has no sound but says how long the sound is
// ("Xing" and "Info" with LAME's extension, mp3-tech.org; Fraunhofer's "VBRI").

/// What to leave out at the edges: encoders begin with silence, and end with a whole frame.
struct MP3Edges {
  /// Samples a decoder needs until the first one of the file comes out.
  private static let decoderDelay = 529

  /// Frames behind this one; nil where it does not say.
  private(set) var frameCount: Int?
  /// Samples before the sound.
  private(set) var start = 0
  /// Samples behind the sound, before those of whatever was appended to the file.
  private(set) var gap = 0..<0

  /// What is said by the frame of this range, if it is such a frame.
  init?(_ bytes: [UInt8], _ frame: Range<Int>, _ header: MP3Header) {
    if bytes.hasText("VBRI", at: frame.lowerBound + 36) {
      frameCount = bytes.bigEndian(at: frame.lowerBound + 36 + 14, byteCount: 4).map { Int($0) }
      return
    }
    // Some write a checksum and count it, some do not.
    let begins = [4, 6].map { frame.lowerBound + $0 + header.sideByteCount }
    guard
      let begin = begins.first(where: {
        bytes.hasText("Xing", at: $0) || bytes.hasText("Info", at: $0)
      }), let flags = bytes.bigEndian(at: begin + 4, byteCount: 4)
    else { return nil }
    var position = begin + 8
    if flags & 1 != 0 {
      frameCount = bytes.bigEndian(at: position, byteCount: 4).map { Int($0) }
      position += 4
    }
    position += (flags & 2 != 0 ? 4 : 0) + (flags & 4 != 0 ? 100 : 0) + (flags & 8 != 0 ? 4 : 0)
    let isKnown = ["LAME", "Lavf", "Lavc"].contains { bytes.hasText($0, at: position) }
    guard isKnown, position + 24 <= frame.upperBound,
      let fields = bytes.bigEndian(at: position + 21, byteCount: 3)
    else { return }
    start = Int(fields >> 12) + Self.decoderDelay
    if let frameCount {
      let end = frameCount * header.sampleCount
      gap = max(0, end - max(0, Int(fields & 0xfff) - Self.decoderDelay))..<end
    }
  }
}
