// A speech model that answers at once, so that everything around one can be tested without one.

import APIServer
import Foundation
import Metering
import Synchronization
import Transformer

/// Hears two seconds of the same words in every recording.
final class FakeTranscriber: Transcriber {
  enum Behaviour: Sendable {
    case answer
    /// Writes the first segment and then waits until it is cancelled.
    case hangAfterFirst
    case fail
  }

  struct Broken: Error {}

  let facts = ModelFacts(
    description: "fake 1M", architecture: "fake", parameterCount: 1_000_000,
    trainedContextLength: 448, vocabularyCount: 64, embeddingLength: 0)
  let languages = ["en", "de"]
  let translates: Bool
  /// Tells when a recording waits to be cancelled, and when it was.
  let hangs: AsyncStream<Void>
  let cancellations: AsyncStream<Void>
  private let behaviour: Behaviour
  private let hanging: AsyncStream<Void>.Continuation
  private let cancelled: AsyncStream<Void>.Continuation
  private let seen = Mutex<TranscriptionOptions?>(nil)

  init(_ behaviour: Behaviour = .answer, translates: Bool = true) {
    self.behaviour = behaviour
    self.translates = translates
    (hangs, hanging) = AsyncStream.makeStream()
    (cancellations, cancelled) = AsyncStream.makeStream()
  }

  /// What the last recording was to be written down with.
  var lastOptions: TranscriptionOptions? { seen.withLock { $0 } }

  func languageCode(_ text: String) -> String? {
    ["en": "en", "de": "de", "german": "de", "fr": "fr"][text.lowercased()]
  }

  func transcribe(
    _ sound: SpeechSound, options: TranscriptionOptions,
    onSegment: (TranscriptionSegment) throws -> Void, isCancelled: () -> Bool
  ) throws -> Transcription {
    seen.withLock { $0 = options }
    let segments = [segment(0, " Swifts sleep", options), segment(1, " in --> flight.", options)]
    try onSegment(segments[0])
    switch behaviour {
    case .answer: break
    case .fail: throw Broken()
    case .hangAfterFirst:
      hanging.yield()
      // Nothing wakes it: whoever is cancelled has to ask, and leaves the processor to others between.
      while !isCancelled() { Thread.sleep(forTimeInterval: 0.001) }
      cancelled.yield()
      throw CancellationError()
    }
    try onSegment(segments[1])
    return Transcription(
      language: "de", languageName: "german", duration: Double(sound.count) / 16_000,
      text: "Swifts sleep in --> flight.", segments: segments,
      words: options.wantsWords ? segments.flatMap { $0.words ?? [] } : nil)
  }

  /// A segment of a second.
  private func segment(
    _ id: Int, _ text: String, _ options: TranscriptionOptions
  ) -> TranscriptionSegment {
    let (start, end) = (Double(id), Double(id + 1))
    return TranscriptionSegment(
      id: id, seek: 0, start: start, end: end, text: text, tokens: [1, 2], temperature: 0,
      averageLogProbability: -0.5, compressionRatio: 1.5, noSpeechProbability: 0.25,
      words: options.wantsWords
        ? [TranscriptionWord(text: text, start: start, end: end, probability: 0.5)] : nil)
  }
}

extension RunningServer {
  /// A server with a model that hears and one that writes, for as long as `test` runs.
  static func hearing(
    _ transcriber: FakeTranscriber = FakeTranscriber(), meter: Meter? = nil,
    configure: (inout Server.Configuration) -> Void = { _ in },
    _ test: @escaping @Sendable (RunningServer) async throws -> Void
  ) async throws {
    try await serving(
      [
        ServedModel(name: "swift-1", textEngine: FakeEngine()),
        ServedModel(name: "whisper-1", transcriber: transcriber),
      ], meter: meter, configure: configure, test)
  }
}
