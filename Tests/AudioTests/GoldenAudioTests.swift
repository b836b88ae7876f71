// One phrase in many files, judged by what another program makes of them.

import Audio
import Foundation
import TestSupport
import Testing

@Suite(.enabled(if: Fixtures.isPresent, Fixtures.absence)) struct GoldenAudioTests {
  /// `formats.json`.
  struct Formats: Decodable {
    struct Mono: Decodable {
      let samples: Int
      let rms: Float
    }
    struct File: Decodable {
      let codec: String?
      let rate: Int?
      let channels: Int?
      let mono16k: Mono?
      /// `[samples, channels]`
      let samples_4000_4007: [[Float]]?
    }
    let files: [String: File]
  }

  static let folder = "whisper/formats/"
  static let formats: [(String, Formats.File)] = {
    guard Fixtures.isPresent else { return [] }
    let formats = try? Fixtures.json(folder + "formats.json", as: Formats.self)
    return (formats?.files ?? [:]).sorted { $0.key < $1.key }
  }()

  static let names = formats.map { $0.0 }

  @Test(arguments: names) func `a file is as another program has it`(name: String) throws {
    let file = try #require(Self.formats.first { $0.0 == name }?.1)
    let bytes = try Fixtures.bytes(Self.folder + name)
    let isRead = ["wav", "flac", "mp3"].contains { name.hasSuffix("." + $0) }
    guard let mono = file.mono16k, isRead else {
      #expect(throws: AudioError.self) { try AudioFile.samples(of: bytes) }
      return
    }
    let samples = try AudioFile.samples(of: bytes)
    // The other program rounds the length of what it resamples up or down.
    #expect(abs(samples.count - mono.samples) <= (file.rate == 16_000 ? 0 : 1))
    let sum = samples.reduce(0.0) { $0 + Double($1) * Double($1) }
    let rms = Float((sum / Double(samples.count)).squareRoot())
    // Its filters end elsewhere.
    #expect(abs(rms - mono.rms) < (file.rate == 16_000 ? 2e-6 : 2e-5))
    if file.rate == 16_000, let expected = file.samples_4000_4007 {
      for (index, frame) in expected.enumerated() {
        let mean = frame.reduce(0, +) / Float(frame.count)
        // Printed with eight digits behind the point.
        #expect(abs(samples[4_000 + index] - mean) < (file.codec == "mp3" ? 1e-6 : 1e-8))
      }
    }
  }

  @Test func `one phrase is the same in all files`() throws {
    let reference = try AudioFile.samples(of: Fixtures.bytes(Self.folder + "s16_16k.wav"))
    for name in ["s16_22k.wav", "s16_48k.wav", "s16_44k_stereo.wav", "s16_44k_stereo.flac"] {
      let samples = try AudioFile.samples(of: Fixtures.bytes(Self.folder + name))
      // The second channel is the first times 0.25.
      let gain: Float = name.contains("stereo") ? 1 / 0.625 : 1
      let errors = zip(samples, reference).map { ($0 * gain - $1) * ($0 * gain - $1) }
      // It was resampled twice; it has little above 7 kHz.
      #expect((errors.reduce(0, +) / Float(errors.count)).squareRoot() < 1e-3, "\(name)")
    }
  }

  @Test func `a speech as MP3 is that of its WAV file`() throws {
    let decoded = try AudioFile.samples(of: Fixtures.bytes("whisper/audio/jfk.mp3"))
    let expected = try AudioFile.samples(of: Fixtures.bytes("whisper/audio/jfk.wav"))
    #expect(decoded.count == expected.count)
    let errors = zip(decoded, expected).map { ($0 - $1) * ($0 - $1) }
    // What the encoder lost; the speech has an rms of 0.14.
    #expect((errors.reduce(0, +) / Float(errors.count)).squareRoot() < 2e-3)
  }
}
