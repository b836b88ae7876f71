// The tiny speech models of the fixtures, and what numpy makes of them.

import TensorCore
import TestSupport
import Testing
import Tokenizer
import Transformer

/// What `speech/tiny.json` says.
struct TinySpeech: Decodable {
  struct Numbers: Decodable {
    /// `[32, 32]`.
    let states: [Float]
    /// Those behind the first token and behind the last, `[2, vocabulary]`.
    let logits: [Float]
  }

  let tokens: [TokenID]
  /// `[50, 8]`.
  let mel: [Float]
  let models: [String: Numbers]

  static let formats = ["f16", "q8_0"]

  static func load() throws -> TinySpeech { try ProjectFixtures.json("speech/tiny.json") }

  static func path(_ format: String) -> String {
    ProjectFixtures.root + "/speech/tiny-\(format).bin"
  }

  static func model(
    _ format: String, threads: Int = 1, exact: Bool = false,
    _ instructionSet: InstructionSet = .current
  ) throws -> SpeechModel {
    var options = ModelOptions()
    options.threadCount = threads
    options.exact = exact
    return try SpeechModel.load(path(format), options: options, instructionSet: instructionSet)
  }

  /// Half a second of two tones, as the script has it.
  static let samples: [Float] = tones(count: 8_000)

  static func tones(count: Int) -> [Float] {
    (0..<count).map { index in
      let time = Double(index) / 16_000 * 2 * Double.pi
      return Float(0.3 * sine(440 * time) + 0.1 * sine(1_234 * time))
    }
  }

  /// Σ (x - y)² / Σ y².
  static func error(_ x: [Float], _ y: [Float]) -> Double {
    guard x.count == y.count else { return .infinity }
    var (difference, power) = (0.0, 0.0)
    for (x, y) in zip(x, y) {
      difference += Double(x - y) * Double(x - y)
      power += Double(y) * Double(y)
    }
    return difference / power
  }
}

extension SpeechModel {
  /// The frames of samples.
  func spectrogram(of samples: [Float]) throws -> LogMelSpectrogram {
    try spectrogram(of: SpeechSound(samples))
  }
}
