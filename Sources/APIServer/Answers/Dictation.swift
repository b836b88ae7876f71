// One recording on its way to text: admitted, waiting for the model, written down, and settled on
// every way out.

import Audio
import HTTPTypes
import Hummingbird
import Metering
import Synchronization
import Transformer

/// A recording that was admitted. It is counted from then on, also while it waits for the model:
/// whoever may have so many requests at a time has no more of them in the queue.
final class Dictation: Sendable {
  private typealias Work = Task<Transcription, any Error>

  private let exchange: Exchange
  private let options: TranscriptionOptions
  private let desk: TranscriptionDesk
  private let lease: LeaseHolder?
  /// Milliseconds of sound, as soon as they are known, and of them those that are written down.
  private let length = Atomic<Int64>(0)
  private let heard = Atomic<Int64>(0)
  private let wasLeft = CancellationFlag()
  private let work = Mutex<Work?>(nil)

  /// Admits a recording, of which nothing is known yet.
  ///
  /// - Throws: `MeterError` where a limit refuses.
  init(
    _ exchange: Exchange, _ options: TranscriptionOptions, _ model: ModelID,
    _ desk: TranscriptionDesk
  ) throws {
    self.exchange = exchange
    self.options = options
    self.desk = desk
    lease = try exchange.admit(
      AdmissionRequest(
        model: model, kind: .transcription, promptTokens: 0, maxCompletionTokens: 0,
        contextLeft: 0))
  }

  /// Waits for the model, reads the file, has it written down and settles. When this returns the
  /// record of usage is durable. All of it is cancelled when the client goes, and what was written
  /// down until then is charged.
  ///
  /// - Parameters:
  ///   - isStreamed: whether segments leave as they are written. Then none is before the opening
  ///     record is on the disk.
  ///   - onBegin: called when nothing is left to refuse the request.
  ///   - onSegment: takes each segment as soon as it is written; called from any thread.
  /// - Returns: what was said, and the milliseconds of sound.
  /// - Throws: `ClientGone`, `MeterError` where the key was revoked, there is no money for so much
  ///   sound, or the record cannot be written, `APIError`, or `EngineError.overloaded`.
  func run(
    _ file: ArraySlice<UInt8>, isStreamed: Bool = false,
    onBegin: @escaping @Sendable () -> Void = {},
    onSegment: @escaping @Sendable (TranscriptionSegment) -> Void = { _ in }
  ) async throws -> (Transcription, milliseconds: Int64) {
    // Nothing leaves before its own record is durable.
    if isStreamed { try lease?.forceOpening() } else { try lease?.open() }
    let task = Work {
      // One file after another becomes samples, of which there may be many times its bytes.
      try await desk.withTurn(owner: exchange.owner) {
        try await write(file, isStreamed: isStreamed, onBegin, onSegment)
      }
    }
    work.withLock { $0 = task }
    exchange.watch.onGone { self.clientWent() }
    let entry = exchange.endingWithKey { task.cancel() }
    defer {
      exchange.watch.onGone(nil)
      work.withLock { $0 = nil }
      withExtendedLifetime(entry) {}
    }
    let outcome = await withTaskCancellationHandler {
      await task.result
    } onCancel: {
      task.cancel()
    }
    let milliseconds = length.load(ordering: .relaxed)
    switch outcome {
    case .success(let result):
      try await settle(milliseconds, .completed, 200)
      return (result, milliseconds)
    case .failure(is CancellationError) where wasLeft.isSet:
      try await settle(heardMilliseconds, .cancelled, exchange.statusIfClientGoes)
      throw ClientGone()
    case .failure(is CancellationError) where !exchange.holdsKey:
      let refusal = APIError(MeterError.invalidAPIKey)
      try await settle(heardMilliseconds, .cancelled, exchange.statusSeen(refusal.status))
      throw MeterError.invalidAPIKey
    case .failure(let error):
      let refusal = exchange.refusal(for: error)
      try await settle(0, refusal.recorded, exchange.statusSeen(refusal.status))
      throw refusal
    }
  }

  /// What is written down of the recording, no more than there is.
  private var heardMilliseconds: Int64 {
    min(heard.load(ordering: .relaxed), length.load(ordering: .relaxed))
  }

  /// The client cannot be reached any more: stops the work.
  func clientWent() {
    wasLeft.set()
    work.withLock { $0 }?.cancel()
  }

  private func write(
    _ file: ArraySlice<UInt8>, isStreamed: Bool, _ onBegin: @Sendable () -> Void,
    _ onSegment: @escaping @Sendable (TranscriptionSegment) -> Void
  ) async throws -> Transcription {
    let sound = try await sound(of: file)
    // Sixteen samples a millisecond.
    let milliseconds = Int64((sound.count + 15) / 16)
    length.store(milliseconds, ordering: .relaxed)
    try lease?.reserve(audioMilliseconds: milliseconds)
    if isStreamed { try await lease?.opened() }
    onBegin()
    return try await desk.transcribe(sound, options) { [self] segment in
      heard.store(Int64(segment.end * 1000), ordering: .relaxed)
      onSegment(segment)
    }
  }

  /// Makes samples of a file on a thread of its own, which lasts seconds where the file is long.
  ///
  /// - Throws: `APIError` where the file cannot be used, or `CancellationError`.
  private func sound(of file: ArraySlice<UInt8>) async throws -> SpeechSound {
    let seconds = exchange.backend.configuration.limits.audioSeconds
    do {
      return try await desk.work { isCancelled in
        try SpeechSound { take in
          var reader = try AudioReader(
            Array(file), limits: AudioLimits(maximumSeconds: seconds))
          var block: [Float] = []
          while try reader.next(&block) {
            guard !isCancelled() else { throw CancellationError() }
            try take(block, reader.expectedCount)
          }
        }
      }
    } catch let error as AudioError {
      switch error.code {
      case .unknownFormat, .unsupportedFormat, .unsupportedRate:
        throw APIError.invalid("file", "unsupported_audio", "'file' cannot be used: \(error).")
      case .tooLong:
        throw APIError.invalid("file", "audio_too_long", "'file' cannot be used: \(error).")
      case .empty, .damaged:
        throw APIError.invalid("file", "invalid_audio", "'file' cannot be used: \(error).")
      }
    }
  }

  private func settle(
    _ milliseconds: Int64, _ status: RequestStatus, _ httpStatus: Int
  ) async throws(MeterError) {
    let usage = TokenUsage(audioMilliseconds: milliseconds)
    exchange.withNotes { $0.usage = usage }
    exchange.backend.metrics.used(usage)
    try await lease?.take()?.settle(
      Settlement(
        usage: usage, status: status, httpStatus: Int64(httpStatus), latency: exchange.age))
  }
}

extension Dictation {
  /// The response that tells each segment as soon as it is written. It begins when the model does:
  /// what was refused until then is no stream.
  ///
  /// - Throws: as `run` does, before the model begins.
  func stream(_ file: ArraySlice<UInt8>) async throws -> Response {
    let exchange = exchange
    let events = EventQueue(
      TranscriptEvents(), limit: exchange.backend.configuration.limits.streamBytes
    ) {
      self.clientWent()
      exchange.closeConnection()
    }
    let (beginning, begun) = AsyncThrowingStream<Void, any Error>.makeStream()
    let status = Task {
      do {
        let (_, milliseconds) = try await run(file, isStreamed: true) {
          begun.finish()
        } onSegment: { segment in
          events.add([.text(segment.text)], choice: 0)
        }
        events.close(
          AnswerEnd(
            usage: TokenUsage(audioMilliseconds: milliseconds), finishes: [], cost: .zero,
            stopTexts: []))
        return 200
      } catch {
        begun.finish(throwing: error)
        return events.fail(error, exchange)
      }
    }
    for try await _ in beginning {}
    exchange.withNotes { $0.endsWithBody = true }
    let duty = StreamDuty(exchange) {
      self.clientWent()
      _ = await status.value
    }
    return EventStream.response(of: events, to: exchange, duty) {
      self.clientWent()
    } work: {
      await status.value
    }
  }
}
