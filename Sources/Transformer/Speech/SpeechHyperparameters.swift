// The numbers that describe a Whisper model, checked before anything is made by them.

/// Sizes of a model as the head of its file names them.
package struct SpeechHyperparameters: Sendable, Equatable {
  /// Tokens, those of time and of control among them.
  package var vocabularyCount: Int
  /// Positions of the encoder, 20 ms each: half as many as frames of a window.
  package var audioContextLength: Int
  package var audioWidth: Int
  package var audioHeadCount: Int
  package var audioLayerCount: Int
  /// Tokens of the decoder.
  package var textContextLength: Int
  package var textWidth: Int
  package var textHeadCount: Int
  package var textLayerCount: Int
  /// Bands of the spectrum.
  package var bandCount: Int

  /// The epsilon of all norms: PyTorch's, which files do not name.
  package static let normEpsilon: Float = 1e-5

  /// Frames to each position of the encoder, which is a step of time too.
  package static let framesPerPosition = 2

  /// Frames of a window, 10 ms each.
  package var windowFrameCount: Int { Self.framesPerPosition * audioContextLength }

  /// How many 32-bit numbers `init(_:path:)` takes.
  static let count = 10

  /// - Parameter numbers: those behind the file's first word, in its order.
  init(_ numbers: [Int], path: String) throws(ModelError) {
    let limits: [(name: String, range: ClosedRange<Int>)] = [
      ("n_vocab", 1...1 << 20), ("n_audio_ctx", 1...1 << 12), ("n_audio_state", 1...1 << 14),
      ("n_audio_head", 1...1 << 10), ("n_audio_layer", 1...256), ("n_text_ctx", 8...1 << 12),
      ("n_text_state", 1...1 << 14), ("n_text_head", 1...1 << 10), ("n_text_layer", 1...256),
      ("n_mels", 1...256),
    ]
    for (number, limit) in zip(numbers, limits) where !limit.range.contains(number) {
      throw ModelError(
        .badMetadata,
        "\(path): \(limit.name) is \(number), expected a number from \(limit.range.lowerBound) to "
          + "\(limit.range.upperBound)")
    }
    vocabularyCount = numbers[0]
    audioContextLength = numbers[1]
    audioWidth = numbers[2]
    audioHeadCount = numbers[3]
    audioLayerCount = numbers[4]
    textContextLength = numbers[5]
    textWidth = numbers[6]
    textHeadCount = numbers[7]
    textLayerCount = numbers[8]
    bandCount = numbers[9]
    for (name, width, count) in [
      ("n_audio", audioWidth, audioHeadCount), ("n_text", textWidth, textHeadCount),
    ] where width % count != 0 {
      throw ModelError(
        .badMetadata,
        "\(path): \(name)_state \(width) is not a multiple of \(count) attention heads")
    }
    guard audioWidth == textWidth else {
      throw ModelError(
        .unsupported,
        "\(path): n_text_state is \(textWidth), not n_audio_state \(audioWidth): the file is of a "
          + "variant that is not supported")
    }
  }
}
