// No file makes the reader crash, hang or take much memory.

import Audio
import Foundation
import TestSupport
import Testing

@Suite struct HostileAudioTests {
  static let isSlowRun = ProcessInfo.processInfo.environment["APUS_SLOW"] == "1"

  /// Small files of every format and codec.
  static let files: [[UInt8]] =
    [
      "linear.flac", "middle.flac", "bits24.flac", "piped.flac", "joint16.mp3", "direction44.mp3",
      "joint8.mp3", "mono22.mp3",
    ].compactMap { try? ProjectFixtures.bytes("audio/" + $0) } + wavs

  static let wavs: [[UInt8]] = [(1, 8, false), (1, 24, true), (3, 32, false), (7, 8, true)].map {
    var random = SeededGenerator(seed: 3)
    var file = WAVBuilder()
    (file.tag, file.bits, file.isExtensible) = $0
    file.channelCount = 2
    file.sampleRate = 48_000
    file.between = WAVBuilder.chunk("LIST", [1, 2, 3])
    file.data = random.bytes(1_200)
    return file.bytes
  }

  /// Reads a file whose samples or error are as they must be.
  private func read(_ bytes: [UInt8]) {
    do {
      let samples = try AudioFile.samples(of: bytes, limits: AudioLimits(maximumSeconds: 600))
      #expect(!samples.isEmpty && samples.count <= 9_600_000)
      #expect(samples.allSatisfy { $0 >= -1 && $0 <= 1 })
    } catch {
      #expect(!error.description.contains("\n"))
    }
  }

  @Test(arguments: files.indices) func `a file may end anywhere`(index: Int) {
    let file = Self.files[index]
    for count in file.indices where count < 256 || count % 7 == 0 || Self.isSlowRun {
      read(Array(file[..<count]))
    }
  }

  @Test func `bytes may be changed, lost or repeated`() {
    var random = SeededGenerator(seed: 11)
    for _ in 0..<(Self.isSlowRun ? 100_000 : 2_000) {
      var bytes = Self.files.randomElement(using: &random) ?? []
      for _ in 0..<Int.random(in: 1...5, using: &random) where !bytes.isEmpty {
        let isInHeader = Bool.random(using: &random)
        let place = Int.random(
          in: 0..<(isInHeader ? min(bytes.count, 96) : bytes.count), using: &random)
        switch Int.random(in: 0..<7, using: &random) {
        case 0, 1: bytes[place] = .random(in: 0...255, using: &random)
        case 2: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
        case 3: for index in place..<min(place + 4, bytes.count) { bytes[index] = 0xff }
        case 4: for index in place..<min(place + 4, bytes.count) { bytes[index] = 0 }
        case 5: bytes.removeSubrange(place..<min(place + 40, bytes.count))
        default: bytes.insert(contentsOf: bytes[place..<min(place + 90, bytes.count)], at: place)
        }
      }
      read(bytes)
    }
  }

  @Test func `random bytes behind a head are read to an end`() throws {
    var random = SeededGenerator(seed: 12)
    let heads: [[UInt8]] = [
      Array("RIFF\u{ff}\0\0\0WAVEfmt ".utf8), Array("fLaC".utf8), [0xff, 0xfb, 0x90, 0x64],
      [0xff, 0xf3, 0x48, 0xc4], Array("ID3\u{3}\0\0\0\0\0\u{5}".utf8),
      Array(try ProjectFixtures.bytes("audio/linear.flac").prefix(42)),
      Array(try ProjectFixtures.bytes("audio/joint44.mp3").prefix(700)),
    ]
    for _ in 0..<300 {
      read((heads.randomElement(using: &random) ?? []) + random.bytes(3_000))
    }
  }

  @Test func `frames of nothing but a constant do not fill memory`() throws {
    // 65,535 samples of each of eight channels in 39 bytes, at 1 to 655,350 Hz.
    let frame = FLACWriter.constantFrame(blockSize: 65_535, channelCount: 8)
    let frames = [[UInt8]](repeating: frame, count: 400).flatMap { $0 }
    let file = FLACWriter.head(rate: 48_000, channelCount: 8, bits: 16, count: 0) + frames
    let samples = try AudioFile.samples(of: file)
    #expect(samples.count == 400 * 65_535 / 3)
    let error = #expect(throws: AudioError.self) {
      try AudioFile.samples(of: file, limits: AudioLimits(maximumSeconds: 60))
    }
    #expect(error?.code == .tooLong)
  }

  @Test func `a length that no file has is not believed`() throws {
    let frame = FLACWriter.constantFrame(blockSize: 100, channelCount: 1)
    for count in [1 << 36 - 1, 1 << 35, 101] {
      let file = FLACWriter.head(rate: 16_000, channelCount: 1, bits: 16, count: count) + frame
      #expect(try AudioFile.samples(of: file).count == 100)
    }
  }

  @Test func `time is linear in what is no frame`() async throws {
    // Every byte could begin a frame, and none is followed by another.
    var file = try ProjectFixtures.bytes("audio/mono32.mp3")
    for _ in 0..<400_000 { file += [0xff, 0xfb, 0x50, 0xc4, 0xff] }
    let junk = file
    let time = try await leastProcessorTime(within: .seconds(1)) { read(junk) }
    #expect(time < .seconds(1))
  }
}
