// At any rate a sound stays what it was: as long, as loud, at its time, and nothing added.

import Audio
import Foundation
import Testing

@Suite struct ResamplerTests {
  static let rates = [
    8_000, 11_025, 12_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000,
    // Of no common divisor with 16,000, or of a small one.
    1_000, 7_999, 15_999, 16_001, 44_101, 191_999,
  ]

  @Test(arguments: rates)
  func `a tone stays the same at its time`(rate: Int) throws {
    let count = rate / 4 + 17
    let frequency = min(1_000, Double(rate) / 5)
    let tone = { (time: Double) in 0.5 * sin(2 * .pi * frequency * time) }
    let samples = try AudioFile.samples(
      of: WAVBuilder(rate: rate, count: count, tone).bytes)
    let exact = Double(count) * 16_000 / Double(rate)
    #expect(samples.count == Int(exact.rounded(.up)))
    // At the edges the filter hears the silence around.
    let edge = 40 * max(1, 16_000 / rate) + 40
    let errors = (edge..<samples.count - edge).map { index in
      abs(Double(samples[index]) - tone(Double(index) / 16_000))
    }
    // The steps of 16 bits, and a ripple of -80 dB.
    #expect((errors.max() ?? 1) < 1.5e-4)
  }

  @Test(arguments: [22_050, 44_100, 44_101, 48_000, 192_000])
  func `what is too high for 16 kHz is gone`(rate: Int) throws {
    for frequency in [8_300.0, 9_000, 10_500] {
      let samples = try AudioFile.samples(
        of: WAVBuilder(rate: rate, count: rate / 4) { 0.9 * sin(2 * .pi * frequency * $0) }.bytes)
      let middle = samples[400..<samples.count - 400]
      // 80 dB below 0.9, and the steps of 16 bits.
      #expect(middle.allSatisfy { abs($0) < 1.3e-4 }, "\(frequency) Hz")
    }
  }

  @Test(arguments: rates)
  func `silence and constants stay exact`(rate: Int) throws {
    let half = try AudioFile.samples(
      of: WAVBuilder(samples: [Int16](repeating: 16_384, count: rate / 2)).at(rate).bytes)
    let middle = half[half.count / 3..<half.count * 2 / 3]
    #expect(middle.allSatisfy { abs($0 - 0.5) < 1e-6 })
    let silence = try AudioFile.samples(
      of: WAVBuilder(samples: [Int16](repeating: 0, count: rate / 2)).at(rate).bytes)
    #expect(silence.allSatisfy { $0 == 0 })
  }

  @Test func `loud steps stay within bounds`() throws {
    let steps = (0..<44_100).map { $0 / 50 % 2 == 0 ? Int16.max : .min }
    let samples = try AudioFile.samples(of: WAVBuilder(samples: steps).at(44_100).bytes)
    #expect(samples.allSatisfy { -1 <= $0 && $0 <= 1 })
  }

  @Test(arguments: [0, 1, 999, 192_001, 4_294_967_295])
  func `rates of no sound are refused`(rate: Int) {
    let error = #expect(throws: AudioError.self) {
      try AudioFile.samples(of: WAVBuilder(samples: [1, 2, 3]).at(rate).bytes)
    }
    #expect(error?.code == .unsupportedRate)
  }

  @Test(arguments: [1, 2, 7]) func `few samples are enough`(count: Int) throws {
    for rate in Self.rates {
      let file = WAVBuilder(samples: [Int16](repeating: 1_000, count: count)).at(rate)
      let samples = try AudioFile.samples(of: file.bytes)
      #expect(samples.count == (count * 16_000 + rate - 1) / rate)
    }
  }
}

extension WAVBuilder {
  /// The same at another rate.
  func at(_ rate: Int) -> WAVBuilder {
    var result = self
    result.sampleRate = rate
    return result
  }
}
