// MP3 gives what another decoder makes of it.

import Audio
import TestSupport
import Testing

@Suite struct MP3Tests {
  /// Of all versions; channels as they are, as sum and difference or as a direction; long and short
  /// blocks, one bit rate or many; with and without checksums and LAME's frame in front.
  static let names = [
    "joint44", "direction44", "stereo48", "mono32", "joint24", "mono22", "joint16", "mono11",
    "joint8",
  ]

  @Test(arguments: names) func `a file sounds as another decoder has it`(name: String) throws {
    let samples = try AudioFile.samples(of: ProjectFixtures.bytes("audio/\(name).mp3"))
    let expected = try AudioFile.samples(of: ProjectFixtures.bytes("audio/\(name).decoded.flac"))
    try #require(samples.count == expected.count)
    // The other decoder's samples are rounded to 16 bits.
    #expect(rootMeanSquare(zip(samples, expected).map { $0 - $1 }) < 1e-5)
    #expect(rootMeanSquare(expected) > 0.05)
  }

  @Test func `what stands around the frames is passed over`() throws {
    let bytes = try ProjectFixtures.bytes("audio/mono32.mp3")
    let plain = try AudioFile.samples(of: bytes)
    let tag: [UInt8] =
      Array("ID3".utf8) + [3, 0, 0, 0, 0, 1, 2] + [UInt8](repeating: 0xff, count: 130)
    let end = Array("TAG".utf8) + [UInt8](repeating: 32, count: 125)
    #expect(try AudioFile.samples(of: tag + bytes + end) == plain)
    #expect(try AudioFile.samples(of: [UInt8](repeating: 0, count: 999) + bytes) == plain)
  }

  @Test(arguments: [(21, "Xing"), (21, "Info"), (23, "Info"), (36, "VBRI")])
  func `a frame that tells of the others is not heard`(offset: Int, name: String) throws {
    let bytes = try ProjectFixtures.bytes("audio/mono32.mp3")
    let plain = try AudioFile.samples(of: bytes)
    var frame = bytes[..<4] + [UInt8](repeating: 0, count: 176)
    frame.replaceSubrange(offset..<offset + 4, with: name.utf8)
    #expect(try AudioFile.samples(of: frame + bytes) == plain)
    // One with no such name is silence, 1,152 samples at 32 kHz.
    frame[offset] = 0
    #expect(try AudioFile.samples(of: frame + bytes).count == plain.count + 576)
  }

  @Test func `sound goes on behind what is no frame`() throws {
    let bytes = try ProjectFixtures.bytes("audio/mono32.mp3")
    let plain = try AudioFile.samples(of: bytes)
    // Frames of 40,000 bits a second at 32 kHz have 180 bytes.
    let broken = bytes[..<900] + [UInt8](repeating: 0xff, count: 333) + bytes[900...]
    let samples = try AudioFile.samples(of: Array(broken))
    #expect(samples.count == plain.count)
    #expect(samples.prefix(1_000).elementsEqual(plain.prefix(1_000)))
  }

  @Test func `two files in a row are both heard`() throws {
    let bytes = try ProjectFixtures.bytes("audio/joint16.mp3")
    let one = try AudioFile.samples(of: bytes)
    let two = try AudioFile.samples(of: bytes + bytes)
    #expect(two.count > 2 * one.count - 1 && two.count < 2 * one.count + 4_000)
    #expect(two.prefix(one.count).elementsEqual(one))
  }

  @Test func `a last frame that is cut off is left out`() throws {
    let bytes = try ProjectFixtures.bytes("audio/mono32.mp3")
    let plain = try AudioFile.samples(of: bytes)
    let samples = try AudioFile.samples(of: bytes.dropLast(7))
    #expect(samples.count == plain.count - 576)
    #expect(samples.dropLast(40).elementsEqual(plain.prefix(samples.count - 40)))
  }

  private func rootMeanSquare(_ values: [Float]) -> Float {
    (values.reduce(0) { $0 + $1 * $1 } / Float(max(1, values.count))).squareRoot()
  }
}
