// What is not read is named, with what to send instead.

import Audio
import Testing

@Suite struct FormatTests {
  static func ogg(_ packet: String) -> [UInt8] {
    Array("OggS".utf8) + [UInt8](repeating: 0, count: 22) + [1, 30] + Array(packet.utf8)
  }

  @Test(
    arguments: [
      (ogg("OpusHead"), "Ogg Opus"), (ogg("\u{1}vorbis"), "Ogg Vorbis"),
      (ogg("\u{7f}FLAC"), "Ogg FLAC"), (ogg("\u{80}theora"), "Ogg"), (Array("OggS".utf8), "Ogg"),
      ([0x1a, 0x45, 0xdf, 0xa3, 0x82, 0x84] + Array("webm".utf8), "WebM"),
      ([0x1a, 0x45, 0xdf, 0xa3], "Matroska"), (Array("\0\0\0 ftypM4A ".utf8), "MP4 (M4A)"),
      (Array("\0\0\0 ftypisom".utf8), "MP4"), (Array("\0\0\0 ftypqt  ".utf8), "QuickTime"),
      (Array("FORM\0\0\0\0AIFF".utf8), "AIFF"), (Array("caff\0\u{1}".utf8), "CAF"),
      (Array("#!AMR\n".utf8), "AMR"), (Array(".snd".utf8), "AU"),
      (Array("RIFF\0\0\0\0AVI ".utf8), "AVI"), ([0xff, 0xf1, 0x50, 0x80], "AAC (ADTS)"),
      ([0xff, 0xfd, 0x84, 0x04], "MPEG audio layer II"),
      ([0xff, 0xfb, 0x00, 0xc4], "MP3 of free format"),
    ] as [([UInt8], String)])
  func `a format that is not read is refused by its name`(bytes: [UInt8], name: String) {
    let error = #expect(throws: AudioError.self) { try AudioFile.samples(of: bytes) }
    #expect(error?.code == .unsupportedFormat(name))
    #expect(
      error?.description == "the file is \(name), which is not read here; send WAV, FLAC or MP3")
  }

  @Test(
    arguments: [
      ([], .empty), ([0], .unknownFormat), (Array("{\"text\": \"Hello\"}".utf8), .unknownFormat),
      (Array("RIFF".utf8), .damaged), (Array("fLaC".utf8), .damaged),
      (Array("ID3\u{4}\0\0\0\0\u{1}\0".utf8), .damaged),
      (WAVBuilder().bytes, .empty), ([0xff, 0xfb, 0x50, 0xc4], .damaged),
    ] as [([UInt8], AudioError.Code)])
  func `what is no sound is an error of one line`(bytes: [UInt8], code: AudioError.Code) {
    let error = #expect(throws: AudioError.self) { try AudioFile.samples(of: bytes) }
    #expect(error?.code == code)
    #expect(error?.description.contains("\n") == false)
  }

  @Test func `a file that is too long is refused before it is read`() throws {
    let file = WAVBuilder(samples: [Int16](repeating: 0, count: 16_001))
    #expect(try AudioFile.samples(of: file.bytes).count == 16_001)
    let error = #expect(throws: AudioError.self) {
      try AudioFile.samples(of: file.bytes, limits: AudioLimits(maximumSeconds: 1))
    }
    #expect(error?.code == .tooLong)
    for seconds in [0, -1, .min] {
      #expect(throws: AudioError.self) {
        try AudioFile.samples(of: file.bytes, limits: AudioLimits(maximumSeconds: seconds))
      }
    }
    #expect(
      try AudioFile.samples(of: file.bytes, limits: AudioLimits(maximumSeconds: .max)).count
        == 16_001)
  }

  @Test func `a reader gives block after block and then no more`() throws {
    let samples = (0..<50_000).map { Int16(truncatingIfNeeded: $0 * 7919) }
    for rate in [16_000, 44_100] {
      let bytes = WAVBuilder(samples: samples).at(rate).bytes
      var reader = try AudioReader(bytes)
      var (found, block, count): ([Float], [Float], Int) = ([], [], 0)
      while try reader.next(&block) {
        found += block
        count += 1
      }
      #expect(count > 2 && block.isEmpty)
      #expect(try !reader.next(&block) && block.isEmpty)
      #expect(found.count == reader.expectedCount)
      #expect(try found == AudioFile.samples(of: bytes))
    }
  }
}
