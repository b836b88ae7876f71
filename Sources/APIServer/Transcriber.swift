// What the server needs of a speech model, and nothing more: the seam at which a test puts one that
// answers at once.

import Transformer

/// What the server asks of a speech model. `SpeechModel` is the real one.
package protocol Transcriber: Sendable {
  /// What is served, for people.
  var facts: ModelFacts { get }
  /// Codes of the languages that it knows, such as `en`.
  var languages: [String] { get }
  /// Whether it translates into English.
  var translates: Bool { get }

  /// The code of a language by its code or its English name, in letters of either case, whether the
  /// model knows it or not; nil where it is none.
  func languageCode(_ text: String) -> String?

  /// Writes down what is said. Blocks its thread.
  ///
  /// - Parameters:
  ///   - onSegment: takes each segment as soon as it is written.
  ///   - isCancelled: is asked again and again; true ends with `CancellationError`.
  func transcribe(
    _ sound: SpeechSound, options: TranscriptionOptions,
    onSegment: (TranscriptionSegment) throws -> Void, isCancelled: () -> Bool
  ) throws -> Transcription
}

extension SpeechModel: Transcriber {
  package var facts: ModelFacts {
    let sizes = hyperparameters
    let millions = max(1, sizes.parameterCount / 1_000_000)
    return ModelFacts(
      description: "Whisper \(millions)M, \(isMultilingual ? "multilingual" : "English")",
      architecture: "whisper", parameterCount: sizes.parameterCount,
      trainedContextLength: sizes.textContextLength, vocabularyCount: sizes.vocabularyCount,
      embeddingLength: 0)
  }

  package var translates: Bool { isMultilingual }

  package func languageCode(_ text: String) -> String? {
    SpeechLanguage.place(of: text).map { SpeechLanguage.all[$0].code }
  }
}

extension SpeechHyperparameters {
  /// Numbers that were learnt: weights and biases of the encoder, then of the decoder.
  fileprivate var parameterCount: Int {
    let width = audioWidth
    let square = width * width
    // Three positions in each convolution, a bias, a norm at the end.
    let encoder =
      3 * bandCount * width + 3 * square + 4 * width + audioContextLength * width
      + audioLayerCount * (12 * square + 12 * width)
    let decoder =
      (vocabularyCount + textContextLength) * width + 2 * width
      + textLayerCount * (16 * square + 17 * width)
    return encoder + decoder
  }
}
