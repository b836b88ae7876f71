// POST /v1/audio/transcriptions and /v1/audio/translations: a recording in, text out. Counted by the
// milliseconds of sound.

import HTTPTypes
import Hummingbird
import JSON
import NIOCore
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
      let dictation = try Dictation(exchange, options, entry.recordID, desk)
      if fields.isStreamed { return try await dictation.stream(fields.file) }
      let (result, milliseconds) = try await dictation.run(fields.file)
      var response = fields.response(of: result, options.task, milliseconds: milliseconds)
      response.headers[.isGenerated] = "true"
      return response
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

extension TranscriptionFields {
  /// The answer in the format that was asked for.
  ///
  /// - Parameter milliseconds: of sound, as they are counted.
  fileprivate func response(
    of result: Transcription, _ task: TranscriptionTask, milliseconds: Int64
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
    object["usage"] = TranscriptFormat.usage(milliseconds: milliseconds)
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
