// FLAC of the reference encoder gives every sample back.

import Audio
import TestSupport
import Testing

@Suite struct FLACTests {
  /// What the files of `Tests/Fixtures/audio` hold: parabolas and three bits of noise.
  static func testSample(_ n: Int, _ channel: Int, bits: Int = 16) -> Int {
    let phase = n * (channel + 1) % 128
    let half = phase % 64
    let noise = (n * 1_103_515_245 + channel * 12_345 + 12_345) & 0x7fff_ffff
    let value = half * (64 - half) * (phase < 64 ? 1 : -1) * 24 + (noise >> 16 & 7) - 4
    if bits < 16 { return value >> (16 - bits) }
    return bits == 16 ? value : value << (bits - 16) | noise >> 16 & 7
  }

  /// A file, and what is in it.
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    var bits = 16
    var channelCount = 1
    var count = 2_000
    var value: (@Sendable (Int, Int) -> Int)?
    var testDescription: String { name }

    func sample(_ n: Int, _ channel: Int) -> Int {
      value?(n, channel) ?? testSample(n, channel, bits: bits)
    }
  }

  static let cases = [
    Case(name: "linear"), Case(name: "fixed"), Case(name: "piped"),
    Case(name: "stereo", channelCount: 2),
    Case(name: "near", channelCount: 2) { testSample($0, 0) + $0 % 5 * $1 },
    Case(name: "side", channelCount: 2) { testSample($0, 0) + $0 % 5 * (1 - $1) },
    Case(name: "middle", channelCount: 2) {
      testSample($0, 0) & ~7 + $0 * $0 % 61 * (1 - 2 * $1)
    },
    Case(name: "far", channelCount: 2) { testSample($0, $1) >> (6 * (1 - $1)) },
    Case(name: "five", channelCount: 5, count: 1_000),
    Case(name: "bits8", bits: 8), Case(name: "bits24", bits: 24, channelCount: 2),
    Case(name: "bits32", bits: 32, count: 600),
    Case(name: "wasted") { n, _ in testSample(n, 0) & ~15 },
    Case(name: "noise", count: 300) { n, _ in (n * n * 40_503 + n) & 0xffff - 32_768 },
    Case(name: "constant", count: 20_000) { _, _ in -1_234 },
  ]

  @Test(arguments: cases) func `a file gives its samples back`(file: Case) throws {
    let samples = try AudioFile.samples(of: ProjectFixtures.bytes("audio/\(file.name).flac"))
    let scale = Double(1 << (file.bits - 1)) * Double(file.channelCount)
    let expected = (0..<file.count).map { n in
      Float(Double((0..<file.channelCount).reduce(0) { $0 + file.sample(n, $1) }) / scale)
    }
    #expect(samples.count == expected.count)
    let isExact = file.bits <= 16 && file.channelCount <= 2
    // Rounding of sums that a float does not hold.
    #expect(zip(samples, expected).allSatisfy { abs($0 - $1) <= (isExact ? 0 : 1.2e-7) })
  }

  @Test func `tags in front and behind are passed over`() throws {
    let bytes = try ProjectFixtures.bytes("audio/piped.flac")
    let tag: [UInt8] =
      Array("ID3".utf8) + [4, 0, 0, 0, 0, 1, 2] + [UInt8](repeating: 7, count: 130)
    let plain = try AudioFile.samples(of: bytes)
    #expect(try AudioFile.samples(of: tag + tag + bytes) == plain)
    #expect(try AudioFile.samples(of: bytes + Array("TAG".utf8) + tag) == plain)
  }

  @Test func `a byte that is changed in a frame is found`() throws {
    let bytes = try ProjectFixtures.bytes("audio/linear.flac")
    // Behind the description: no file without its checksums.
    for place in stride(from: 90, to: bytes.count, by: 13) {
      var changed = bytes
      changed[place] ^= 0x10
      let error = #expect(throws: AudioError.self) { try AudioFile.samples(of: changed) }
      #expect(error?.code == .damaged)
    }
  }

  @Test func `whole frames of a file that is cut off are taken`() throws {
    let bytes = try ProjectFixtures.bytes("audio/piped.flac")
    let whole = try AudioFile.samples(of: bytes)
    var counts: Set<Int> = []
    for count in 200..<bytes.count {
      guard let samples = try? AudioFile.samples(of: Array(bytes[..<count])) else { continue }
      #expect(samples.elementsEqual(whole.prefix(samples.count)))
      counts.insert(samples.count)
    }
    #expect(counts == Set((1...10).map { 192 * $0 }))
  }
}
