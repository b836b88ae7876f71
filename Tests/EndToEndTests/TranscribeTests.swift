// `apus transcribe` with a tiny model of random weights, which says something of any sound.

import Foundation
import JSON
import TestSupport
import Testing

@Suite struct TranscribeTests {
  private static let model = ProjectFixtures.root + "/speech/tiny-f16.bin"

  /// A WAV file of a second and a half of a saw's tooth, 16 kHz and 16 bits.
  private static let sound: Data = {
    let samples = (0..<24_000).map { Int16(truncatingIfNeeded: $0 % 73 * 300 - 10_000) }
    func word(_ number: Int) -> [UInt8] { (0..<4).map { UInt8(number >> (8 * $0) & 255) } }
    var bytes = Array("RIFF".utf8) + word(36 + 2 * samples.count) + Array("WAVEfmt ".utf8)
    bytes += word(16) + [1, 0, 1, 0] + word(16_000) + word(32_000) + [2, 0, 16, 0]
    bytes += Array("data".utf8) + word(2 * samples.count)
    for sample in samples { bytes += word(Int(sample)).prefix(2) }
    return Data(bytes)
  }()

  private func transcribe(_ arguments: [String]) async throws -> Program.Outcome {
    try await Program.run(
      Program.path, ["transcribe", Self.model, "-", "-t", "1"] + arguments, input: Self.sound)
  }

  @Test("Every format says the same") func formats() async throws {
    let whole = try await transcribe(["--format", "verbose_json", "--words"])
    #expect(whole.status == 0, "\(whole.errors)")
    let document = try JSONValue.parse(whole.text)
    #expect(document["task"] == "transcribe")
    #expect(document["duration"]?.doubleValue == 1.5)
    #expect(document["words"]?.arrayValue != nil)
    let segments = try #require(document["segments"]?.arrayValue)
    for (index, segment) in segments.enumerated() { #expect(segment["id"]?.intValue == index) }
    let plain = try JSONValue.parse(
      await transcribe(["--format", "verbose_json"]).text)
    #expect(plain["words"] == nil)
    let text = try #require(plain["text"]?.stringValue)
    #expect(
      try await JSONValue.parse(transcribe(["--format", "json"]).text)["text"]?.stringValue == text)
    let written = try await transcribe([])
    #expect(written.status == 0, "\(written.errors)")
    #expect(written.text.hasSuffix("\n"))
    #expect(
      written.text.trimmingCharacters(in: .whitespacesAndNewlines)
        == text.trimmingCharacters(in: .whitespacesAndNewlines))
    let count = try #require(plain["segments"]?.arrayValue?.count)
    try #require(count > 0 && !segments.isEmpty && !text.isEmpty)
    for (format, start) in [("srt", "1\n00:00:0"), ("vtt", "WEBVTT\n\n")] {
      let outcome = try await transcribe(["--format", format])
      #expect(outcome.text.hasPrefix(start))
      #expect(outcome.text.components(separatedBy: " --> ").count == count + 1)
    }
  }

  @Test("What cannot be done is said in one line, and what to do")
  func refusals() async throws {
    for (arguments, part) in [
      (["--language", "xx"], "a code such as en"), (["--language", "de"], "does not know german"),
    ] {
      let outcome = try await transcribe(arguments)
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains(part), "\(outcome.errors)")
    }
    let gguf = ProjectFixtures.root + "/architectures/llama.gguf"
    let outcome = try await Program.apus("transcribe", gguf, Self.model)
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("is no speech model"), "\(outcome.errors)")
    let noSound = try await Program.apus("transcribe", Self.model, gguf)
    #expect(noSound.status == 1)
    #expect(noSound.errors.contains(gguf), "\(noSound.errors)")
    #expect(try await Program.apus("transcribe", Self.model, "-", "--words").status == 64)
    let endless = try await Program.apus("transcribe", Self.model, "/dev/zero")
    #expect(endless.status == 1)
    #expect(endless.errors.contains("/dev/zero has more than 1024 MiB"), "\(endless.errors)")
  }
}
