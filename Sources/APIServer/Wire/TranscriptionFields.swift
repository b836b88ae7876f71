// The form of a transcription request as the server uses it.

import Transformer

/// `POST /v1/audio/transcriptions` or `/v1/audio/translations`, taken apart.
struct TranscriptionFields: Sendable {
  let model: String
  /// The bytes of the file, as they lie in the form.
  let file: ArraySlice<UInt8>
  let format: TranscriptFormat
  /// Whether each segment is told as soon as it is written.
  let isStreamed: Bool
  /// Whether the times of segments are told, where the format tells any.
  let tellsSegments: Bool
  /// The language is the client's word for it; `options(for:)` looks at it.
  private let asked: TranscriptionOptions

  init(form: MultipartForm, task: TranscriptionTask, isStrict: Bool) throws(APIError) {
    var fields = FormFields(form, isStrict: isStrict)
    guard let model = try fields.text("model") else { throw fields.missing("model") }
    self.model = model
    format = try fields.choice("response_format", of: TranscriptFormat.self) ?? .json
    isStreamed = try fields.flag("stream") ?? false
    guard !isStreamed || format == .json || format == .text else {
      throw .invalid(
        "response_format", "invalid_value",
        "A stream tells the text alone: leave 'response_format' out, or send 'json'.")
    }
    var options = TranscriptionOptions()
    options.task = task
    options.language = try Self.language(&fields)
    options.prompt = try fields.text("prompt")
    options.temperature = Float(try fields.number("temperature", in: 0...1) ?? 0)
    let times = try fields.texts("timestamp_granularities")
    for time in times where time != "word" && time != "segment" {
      throw .invalid(
        "timestamp_granularities", "invalid_value",
        "'timestamp_granularities' must be of 'word' and 'segment'.")
    }
    guard times.isEmpty || format == .verboseJSON else {
      throw .invalid(
        "timestamp_granularities", "invalid_value",
        "'timestamp_granularities' needs the response_format 'verbose_json'.")
    }
    options.wantsWords = times.contains("word")
    tellsSegments = times.isEmpty || times.contains("segment")
    asked = options
    try Self.refuseUnsupported(&fields)
    guard let file = try fields.bytes("file") else { throw fields.missing("file") }
    self.file = file
    try fields.end()
  }

  /// The one language that is told, by either of two names.
  private static func language(_ fields: inout FormFields) throws(APIError) -> String? {
    let language = try fields.text("language")
    let languages = try fields.texts("languages")
    guard languages.count + (language == nil ? 0 : 1) <= 1 else {
      throw .unsupportedField(
        "languages", "send one language, or leave the field out and it is found out")
    }
    return language ?? languages.first
  }

  /// Takes what the API has and this server has not.
  private static func refuseUnsupported(_ fields: inout FormFields) throws(APIError) {
    guard try fields.texts("include").isEmpty else {
      throw .unsupportedField(
        "include", "'verbose_json' tells the mean of the tokens' likelihoods, avg_logprob")
    }
    for name in ["known_speaker_names", "known_speaker_references"] {
      guard try fields.texts(name).isEmpty else {
        throw .unsupportedField(name, "speakers are not told apart; leave the field out")
      }
    }
    guard try fields.texts("keywords").isEmpty else {
      throw .unsupportedField("keywords", "write the words into 'prompt'")
    }
    let chunking = try fields.text("chunking_strategy")
    guard chunking == nil || chunking == "auto", !fields.has(prefix: "chunking_strategy[") else {
      throw .unsupportedField("chunking_strategy", "leave the field out, or send 'auto'")
    }
    _ = try fields.text("user")
  }

  /// What a model is asked to do.
  ///
  /// - Throws: 400 where it does not know the language, or does not translate.
  func options(for transcriber: any Transcriber) throws(APIError) -> TranscriptionOptions {
    guard asked.task == .transcribe || transcriber.translates else {
      throw .invalid(
        "model", "model_cannot_translate",
        "The model '\(model)' knows English alone and does not translate. Ask for another model.")
    }
    guard let language = asked.language else { return asked }
    guard let code = transcriber.languageCode(language) else {
      throw .invalid(
        "language", "invalid_value",
        "'language' must be the code of a language, such as en, de or ja.")
    }
    guard transcriber.languages.contains(code) else {
      throw .invalid(
        "language", "unsupported_language",
        "The model '\(model)' does not know the language '\(code)'. Ask for another model, or leave "
          + "the field out.")
    }
    var options = asked
    options.language = code
    return options
  }
}
