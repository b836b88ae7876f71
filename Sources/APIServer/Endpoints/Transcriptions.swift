// POST /v1/audio/transcriptions and /v1/audio/translations: a recording in, text out. Counted by the
// milliseconds of sound.

import Audio
import HTTPTypes
import Hummingbird
import JSON
import Metering
import NIOCore
import Synchronization
import Transformer

enum Transcriptions {
  static let transcribe = route("/audio/transcriptions", .transcribe)
  static let translate = route("/audio/translations", .translate)

  private static func route(_ path: String, _ task: TranscriptionTask) -> Route {
    Route(
      method: .post, path: "/v1" + path, aliases: [path], asksModel: true, body: .form
    ) { exchange, _ in
      let isStrict = exchange.backend.configuration.isStrict
      let type = exchange.request.headers[.contentType] ?? ""
      let (_, (fields, entry)) = try await exchange.withWholeBody(.form) { body in
        let fields = try TranscriptionFields(
          form: form(Array(body.readableBytesView), type), task: task, isStrict: isStrict)
        return (fields, try exchange.model(named: fields.model))
      }
      guard let desk = entry.desk else { throw APIError.hearsNothing(model: entry.name) }
      let options = try fields.options(for: desk.transcriber)
      let (result, milliseconds) = try await exchange.transcribed(
        fields.file, options, entry.recordID, desk)
      return fields.response(of: result, options.task, seconds: (milliseconds + 999) / 1000)
    }
  }
}

extension Transcriptions {
  private static func form(
    _ bytes: [UInt8], _ contentType: String
  ) throws(APIError) -> MultipartForm {
    do throws(FormError) {
      return try MultipartForm(bytes, contentType: contentType)
    } catch {
      throw .malformedForm(error.place, error.fault)
    }
  }
}

/// How far a recording has been written down.
private final class Progress: Sendable {
  let milliseconds = Atomic<Int64>(0)
}

extension Exchange {
  /// Waits for the model, reads the file, and has it written down under a lease, which is settled
  /// however it ends. All of it is cancelled when the client goes, and what was written down until then
  /// is charged.
  ///
  /// - Returns: what was said, and the milliseconds of sound.
  /// - Throws: `MeterError` where a limit refuses or the record cannot be written, `APIError`, or
  ///   `EngineError.overloaded`.
  fileprivate func transcribed(
    _ file: [UInt8], _ options: TranscriptionOptions, _ model: ModelID, _ desk: TranscriptionDesk
  ) async throws -> (Transcription, milliseconds: Int64) {
    let work = Task<(Transcription, milliseconds: Int64), any Error> {
      // One file after another becomes samples, of which there may be many times its bytes.
      try await desk.withTurn(owner: owner) {
        let sound = try samples(of: file)
        // Sixteen samples a millisecond.
        let milliseconds = Int64((sound.count + 15) / 16)
        let result = try await counted(
          AdmissionRequest(
            model: model, kind: .transcription, promptTokens: 0, maxCompletionTokens: 0,
            contextLeft: 0, audioMilliseconds: milliseconds)
        ) { progress in
          try await desk.transcribe(sound, options) { segment in
            progress.milliseconds.store(Int64(segment.end * 1000), ordering: .relaxed)
          }
        }
        return (result, milliseconds: milliseconds)
      }
    }
    watch.onGone { work.cancel() }
    let entry = endingWithKey { work.cancel() }
    defer {
      watch.onGone(nil)
      withExtendedLifetime(entry) {}
    }
    do {
      return try await withTaskCancellationHandler {
        try await work.value
      } onCancel: {
        work.cancel()
      }
    } catch is CancellationError where watch.isGone {
      throw ClientGone()
    } catch is CancellationError where !holdsKey {
      throw MeterError.invalidAPIKey
    }
  }

  /// - Throws: `APIError` where the file cannot be used, or `CancellationError`.
  private func samples(of file: [UInt8]) throws -> [Float] {
    do throws(AudioError) {
      return try AudioFile.samples(
        of: file,
        limits: AudioLimits(maximumSeconds: backend.configuration.limits.audioSeconds))
    } catch {
      switch error.code {
      case .cancelled: throw CancellationError()
      case .unknownFormat, .unsupportedFormat, .unsupportedRate:
        throw APIError.invalid("file", "unsupported_audio", "'file' cannot be used: \(error).")
      case .tooLong:
        throw APIError.invalid("file", "audio_too_long", "'file' cannot be used: \(error).")
      case .empty, .damaged:
        throw APIError.invalid("file", "invalid_audio", "'file' cannot be used: \(error).")
      }
    }
  }

  private func counted(
    _ request: AdmissionRequest,
    _ work: (Progress) async throws -> Transcription
  ) async throws -> Transcription {
    let holder = try admit(request)
    // Nothing leaves before its own record is durable.
    try holder?.open()
    let progress = Progress()
    do {
      let result = try await work(progress)
      let usage = TokenUsage(audioMilliseconds: request.audioMilliseconds)
      try await settle(holder, usage, .completed, 200)
      return result
    } catch let error as MeterError {
      throw error
    } catch {
      let isGone = error is CancellationError && (watch.isGone || !holdsKey)
      let refusal =
        !isGone
        ? refusal(for: error)
        : holdsKey ? APIError.clientGone : APIError(MeterError.invalidAPIKey)
      let heard = min(
        progress.milliseconds.load(ordering: .relaxed), request.audioMilliseconds)
      let status: RequestStatus =
        isGone ? .cancelled : refusal.status.kind == .clientError ? .rejected : .failed
      try await settle(
        holder, TokenUsage(audioMilliseconds: isGone ? heard : 0), status, refusal.status.code)
      throw refusal
    }
  }

  private func settle(
    _ holder: LeaseHolder?, _ usage: TokenUsage, _ status: RequestStatus, _ httpStatus: Int
  ) async throws(MeterError) {
    withNotes { $0.usage = usage }
    backend.metrics.used(usage)
    try await holder?.take()?.settle(
      Settlement(usage: usage, status: status, httpStatus: Int64(httpStatus), latency: age))
  }
}

extension TranscriptionFields {
  /// The answer in the format that was asked for.
  ///
  /// - Parameter seconds: of sound, as they are counted.
  fileprivate func response(
    of result: Transcription, _ task: TranscriptionTask, seconds: Int64
  ) -> Response {
    var object: JSONObject
    switch format {
    case .text: return .text(format.text(of: result, task: task), "text/plain; charset=utf-8")
    case .srt:
      return .text(format.text(of: result, task: task), "application/x-subrip; charset=utf-8")
    case .vtt: return .text(format.text(of: result, task: task), "text/vtt; charset=utf-8")
    case .json: object = ["text": .string(result.text)]
    case .verboseJSON:
      object = TranscriptFormat.verbose(result, task)
      // That of the text.
      if task == .translate { object["language"] = .string("english") }
      if !tellsSegments { object["segments"] = nil }
    }
    object["usage"] = ["type": "duration", "seconds": .integer(seconds)]
    return .json(.object(object))
  }
}

extension Response {
  /// A text, status 200.
  fileprivate static func text(_ text: String, _ type: String) -> Response {
    Response(
      status: .ok, headers: [.contentType: type],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}
