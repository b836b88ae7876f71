// A loaded speech model: immutable, shared by everything that runs on it.

import KernelInterface
package import TensorCore
import Tokenizer

/// A model that writes down what is said (Whisper, Radford et al. 2022).
///
/// Weights are shared and never change. Calls block: use a thread of your own, not Swift's
/// cooperative pool.
public final class SpeechModel: Sendable {
  /// The path that the model was loaded from.
  public let path: String
  /// Threads that compute.
  public var threadCount: Int { compute.pool.threadCount }
  /// Whether the model knows other languages than English, and translates.
  public var isMultilingual: Bool { vocabulary.isMultilingual }
  /// Codes of the languages that the model knows, such as `en`.
  public var languages: [String] {
    isMultilingual
      ? SpeechLanguage.all.prefix(vocabulary.languageCount).map(\.code) : ["en"]
  }

  /// Samples of a second that the model hears.
  public static let sampleRate = LogMelSpectrogram.sampleRate

  package let hyperparameters: SpeechHyperparameters
  package let vocabulary: SpeechVocabulary
  package let rules: TokenRules
  let filters: [Float]
  let alignment: AlignmentHeads
  let encoder: SpeechEncoder
  let decoder: SpeechDecoder
  let compute: Compute
  let cacheFormat: CacheFormat

  private init(_ file: SpeechFile, isExact: Bool, format: KeyValueFormat, _ compute: Compute) throws
  {
    path = file.path
    hyperparameters = file.hyperparameters
    filters = file.filters
    vocabulary = try SpeechVocabulary(file)
    rules = TokenRules(vocabulary)
    alignment = AlignmentHeads(hyperparameters, isMultilingual: vocabulary.isMultilingual)
    let weights = SpeechWeights(file, isExact: isExact, pool: compute.pool)
    encoder = try SpeechEncoder(weights)
    decoder = try SpeechDecoder(weights)
    try weights.finish()
    self.compute = compute
    cacheFormat = isExact ? .F32 : format.stored
  }

  /// Loads a file of whisper.cpp's (`ggml-*.bin`): maps it, checks it, and packs its weights for
  /// this processor.
  ///
  /// - Parameters:
  ///   - path: a file of any size of Whisper and any of whisper.cpp's weight formats.
  ///   - options: threads, the format of keys and values and `exact` are looked at.
  /// - Throws: `FileError`, `ModelError` or `AllocationError`; the description of each is one line.
  public static func load(
    _ path: String, options: ModelOptions = ModelOptions()
  ) throws -> SpeechModel {
    try load(path, options: options, instructionSet: .current)
  }

  /// The same for an instruction set that this processor has.
  package static func load(
    _ path: String, options: ModelOptions, instructionSet: InstructionSet
  ) throws -> SpeechModel {
    let file = try SpeechFile(path: path)
    let threads = options.threadCount ?? Processor.usableThreads.count
    let compute = Compute(
      instructionSet: instructionSet, pool: WorkerPool(threadCount: threads))
    return try SpeechModel(
      file, isExact: options.exact, format: options.keyValueFormat, compute)
  }

  /// Writes down what is said.
  ///
  /// - Parameters:
  ///   - samples: mono, 16,000 a second, -1...1; none give no text.
  ///   - options: language, task and more.
  ///   - onSegment: takes each segment as soon as its window is written; what it throws ends the
  ///     transcription.
  ///   - isCancelled: is asked between tokens, between the encoder's layers and every half minute of
  ///     the spectrogram; true ends with `CancellationError`.
  /// - Throws: `ModelError` where the model cannot do what the options ask for.
  public func transcribe(
    _ samples: [Float], options: TranscriptionOptions = TranscriptionOptions(),
    onSegment: (TranscriptionSegment) throws -> Void = { _ in },
    isCancelled: () -> Bool = { false }
  ) throws -> Transcription {
    try transcribe(
      SpeechSound(samples), options: options, onSegment: onSegment, isCancelled: isCancelled)
  }

  /// The same for samples that nothing is to be left of.
  package func transcribe(
    _ sound: SpeechSound, options: TranscriptionOptions,
    onSegment: (TranscriptionSegment) throws -> Void, isCancelled: () -> Bool
  ) throws -> Transcription {
    let run = try TranscriptionRun(self, sound, options, isCancelled: isCancelled)
    return try run.run(isCancelled: isCancelled, onSegment)
  }

  /// The frames of a recording.
  package func spectrogram(
    of sound: SpeechSound, isCancelled: () -> Bool = { false }
  ) throws -> LogMelSpectrogram {
    try LogMelSpectrogram(
      sound.samples, filters: filters, pool: compute.pool, isCancelled: isCancelled)
  }

  /// The place of the language that options name; nil where it is to be found out, or where the
  /// model knows English alone.
  ///
  /// - Throws: where the model does not know it, or cannot do the task.
  func languagePlace(_ options: TranscriptionOptions) throws(ModelError) -> Int? {
    guard isMultilingual || options.task == .transcribe else {
      throw ModelError(
        .badOption, "\(path): knows English alone and does not translate: use a model without '.en'"
      )
    }
    guard let language = options.language else { return nil }
    guard let place = SpeechLanguage.place(of: language) else {
      throw ModelError(
        .badOption,
        "the language \(GGUFError.quoted(language)) is not known: give a code such as en, de or ja")
    }
    guard languages.contains(SpeechLanguage.all[place].code) else {
      throw ModelError(
        .badOption,
        "\(self.path): does not know \(SpeechLanguage.all[place].name): use "
          + (isMultilingual ? "a newer model" : "a model without '.en'"))
    }
    return isMultilingual ? place : nil
  }
}
