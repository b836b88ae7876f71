// Recordings over HTTP: fields, formats, what is counted, and what is refused.

import APIServer
import JSON
import Metering
import TestSupport
import Testing
import Transformer

@Suite(.timeLimit(.minutes(5))) struct TranscriptionTests {
  @Test func aRecordingIsWrittenDown() async throws {
    try await RunningServer.hearing { server in
      let answer = try await server.transcribe()
      #expect(answer.status == 200)
      #expect(answer.headers["content-type"] == "application/json")
      #expect(
        try answer.json == [
          "text": "Swifts sleep in --> flight.", "usage": ["type": "duration", "seconds": 3],
        ])
    }
  }

  @Test(
    arguments: [
      ("text", "text/plain; charset=utf-8", "Swifts sleep in --> flight.\n"),
      (
        "srt", "application/x-subrip; charset=utf-8",
        "1\n00:00:00,000 --> 00:00:01,000\nSwifts sleep\n\n"
          + "2\n00:00:01,000 --> 00:00:02,000\nin -> flight.\n\n"
      ),
      (
        "vtt", "text/vtt; charset=utf-8",
        "WEBVTT\n\n00:00.000 --> 00:01.000\nSwifts sleep\n\n"
          + "00:01.000 --> 00:02.000\nin -> flight.\n\n"
      ),
    ])
  func textsComeBare(format: String, type: String, text: String) async throws {
    try await RunningServer.hearing { server in
      let answer = try await server.transcribe([("response_format", format)])
      #expect(answer.status == 200)
      #expect(answer.headers["content-type"] == type)
      #expect(answer.body == text)
    }
  }

  @Test(
    arguments: [
      ([], true, false), (["segment"], true, false), (["word"], false, true),
      (["word", "segment"], true, true),
    ] as [([String], Bool, Bool)])
  func timesComeAsTheyWereAskedFor(
    times: [String], hasSegments: Bool, hasWords: Bool
  ) async throws {
    try await RunningServer.hearing { server in
      let answer = try await server.transcribe(
        [("response_format", "verbose_json")] + times.map { ("timestamp_granularities[]", $0) })
      #expect(answer.status == 200)
      let body = try answer.json
      #expect(body["task"] == "transcribe" && body["language"] == "german")
      #expect(body["duration"]?.doubleValue == 2.3)
      #expect(body["usage"] == ["type": "duration", "seconds": 3])
      #expect((body["segments"] != nil) == hasSegments)
      #expect((body["words"] != nil) == hasWords)
      if hasSegments {
        #expect(body["segments"]?[1]?["text"] == " in --> flight.")
        #expect(body["segments"]?[1]?["no_speech_prob"]?.doubleValue == 0.25)
      }
      if hasWords { #expect(body["words"]?[0]?["word"] == "Swifts sleep") }
    }
  }

  @Test func fieldsReachTheModel() async throws {
    let transcriber = FakeTranscriber()
    try await RunningServer.hearing(transcriber) { server in
      let answer = try await server.transcribe([
        ("language", "German"), ("prompt", "Hé \"x\""), ("temperature", "0.5"), ("stream", "false"),
        ("chunking_strategy", "auto"), ("response_format", ""),
      ])
      #expect(answer.status == 200)
      let options = try #require(transcriber.lastOptions)
      #expect(options.language == "de" && options.task == .transcribe)
      #expect(options.prompt == "Hé \"x\"" && options.temperature == 0.5 && !options.wantsWords)
      #expect(try await server.transcribe([("languages[]", "en")]).status == 200)
      #expect(transcriber.lastOptions?.language == "en")
    }
  }

  @Test func aTranslationIsInEnglish() async throws {
    let transcriber = FakeTranscriber()
    try await RunningServer.hearing(transcriber) { server in
      let answer = try await server.transcribe(
        [("response_format", "verbose_json")], path: "/v1/audio/translations")
      #expect(try answer.json["task"] == "translate")
      #expect(try answer.json["language"] == "english")
      #expect(transcriber.lastOptions?.task == .translate)
    }
    try await RunningServer.hearing(FakeTranscriber(translates: false)) { server in
      let answer = try await server.transcribe(path: "/v1/audio/translations")
      #expect(answer.status == 400)
      #expect(try answer.errorCode == "model_cannot_translate")
    }
  }

  @Test(
    arguments: [
      ([("model", "")], "missing_required_parameter", "model"),
      ([("model", "swift-1")], "model_cannot_hear", "model"),
      ([("language", "klingon")], "invalid_value", "language"),
      ([("language", "fr")], "unsupported_language", "language"),
      ([("response_format", "diarized_json")], "invalid_value", "response_format"),
      ([("temperature", "warm")], "invalid_type", "temperature"),
      ([("temperature", "nan")], "invalid_type", "temperature"),
      ([("temperature", "1.1")], "decimal_above_max_value", "temperature"),
      ([("temperature", "-1")], "decimal_below_min_value", "temperature"),
      ([("prompt", "a"), ("prompt", "b")], "duplicate_parameter", "prompt"),
      (
        [("prompt", String(repeating: "a", count: 70_000))], "string_above_max_length", "prompt"
      ),
      ([("timestamp_granularities", "word")], "invalid_value", "timestamp_granularities"),
      (
        [("response_format", "verbose_json"), ("timestamp_granularities[]", "line")],
        "invalid_value", "timestamp_granularities"
      ),
      ([("stream", "true"), ("response_format", "srt")], "invalid_value", "response_format"),
      ([("stream", "yes")], "invalid_type", "stream"),
      ([("include[]", "logprobs")], "unsupported_parameter", "include"),
      ([("known_speaker_names[]", "a")], "unsupported_parameter", "known_speaker_names"),
      ([("known_speaker_references[]", "a")], "unsupported_parameter", "known_speaker_references"),
      ([("keywords[]", "a")], "unsupported_parameter", "keywords"),
      ([("languages[]", "de"), ("languages[]", "en")], "unsupported_parameter", "languages"),
      ([("languages[]", "de"), ("language", "de")], "unsupported_parameter", "languages"),
      ([("chunking_strategy[type]", "server_vad")], "unsupported_parameter", "chunking_strategy"),
      ([("colour", "red")], "unknown_parameter", "colour"),
    ] as [([(String, String)], String, String)])
  func aBadFieldIsRefusedByName(
    fields: [(String, String)], code: String, param: String
  ) async throws {
    try await RunningServer.hearing(configure: { $0.isStrict = true }) { server in
      let answer = try await server.transcribe(fields)
      #expect(answer.status == 400)
      #expect(try answer.errorCode == code)
      #expect(try answer.json["error"]?["param"]?.stringValue == param)
    }
  }

  @Test(
    arguments: [
      (nil, "missing_required_parameter"), ([], "invalid_audio"),
      (Array("no sound".utf8), "unsupported_audio"),
      (Recording.wav(milliseconds: 3001), "audio_too_long"),
    ] as [([UInt8]?, String)])
  func aFileThatIsNoRecordingIsRefused(file: [UInt8]?, code: String) async throws {
    try await RunningServer.hearing(configure: { $0.limits.audioSeconds = 3 }) { server in
      let answer = try await server.transcribe(file: file)
      #expect(answer.status == 400)
      #expect(try answer.errorCode == code)
      #expect(try answer.json["error"]?["param"] == "file")
    }
  }

  @Test func bodiesHaveALimitOfTheirOwn() async throws {
    try await RunningServer.hearing(configure: {
      $0.limits.bodyBytes = 1024
      $0.limits.audioBytes = 100_000
    }) { server in
      #expect(try await server.transcribe().status == 200)
      let large = try await server.transcribe(file: Recording.wav(milliseconds: 4000))
      #expect(large.status == 413)
      let path = "/v1/audio/transcriptions"
      #expect(try await server.post(path, #"{"model":"whisper-1"}"#).status == 415)
      let malformed = try await RawConnection.send(
        server.head(
          "POST", path,
          ["Content-Type: multipart/form-data; boundary=b", "Content-Length: 5"]) + "--c--",
        port: server.port)
      #expect(malformed.status == 400)
      #expect(try malformed.errorCode == "invalid_form")
      #expect(try malformed.json["error"]?["param"] == "body")
    }
  }

  @Test(
    arguments: [
      (
        "/v1/chat/completions", #"{"model":"whisper-1","messages":[{"role":"user","content":"a"}]}"#
      ),
      ("/v1/completions", #"{"model":"whisper-1","prompt":"a"}"#),
      ("/v1/embeddings", #"{"model":"whisper-1","input":"a"}"#),
      ("/v1/tokenize", #"{"model":"whisper-1","content":"a"}"#),
    ])
  func textRoutesRefuseAModelThatHears(path: String, body: String) async throws {
    try await RunningServer.hearing { server in
      let answer = try await server.post(path, body)
      #expect(answer.status == 400)
      #expect(try answer.errorCode == "model_cannot_write")
      #expect(
        try answer.json["error"]?["message"]?.stringValue?.contains("/v1/audio/transcriptions")
          == true)
    }
  }

  @Test func theModelIsListedByItsKind() async throws {
    try await RunningServer.hearing { server in
      let card = try await server.get("/v1/models/whisper-1").json
      #expect(card["kind"] == "transcription" && card["loaded"] == true)
      #expect(card["languages"] == ["en", "de"] && card["translates"] == true)
      #expect(try await server.get("/status.json").json["models"] == 2)
    }
  }

  @Test func soundIsCountedInMilliseconds() async throws {
    try await withMeter { meter, store in
      let model = try store.modelID(#require(ShortName("whisper-1")))
      _ = try store.publishPrices(
        #require(Prices(input: 0, output: 0, audioMillisecond: 7, request: 100)), model: model)
      try await RunningServer.hearing(meter: meter) { server in
        #expect(try await server.transcribe().status == 200)
        let row = try #require(try store.newestRows().first)
        #expect(row.kind == .transcription && row.status == .completed)
        #expect(row.usage == TokenUsage(audioMilliseconds: 2300))
        #expect(row.cost.rawValue == 2300 * 7 + 100)
        #expect(meter.outstanding == 0)
      }
    }
  }

  @Test func aFailureIsNotCharged() async throws {
    try await withMeter { meter, store in
      try await RunningServer.hearing(FakeTranscriber(.fail), meter: meter) { server in
        #expect(try await server.transcribe().status == 500)
        let row = try #require(try store.newestRows().first)
        #expect(row.status == .failed && row.usage == TokenUsage())
        #expect(meter.outstanding == 0)
      }
    }
  }

  @Test func aClientThatLeavesPaysForWhatWasWrittenDown() async throws {
    let transcriber = FakeTranscriber(.hangAfterFirst)
    try await withMeter { meter, store in
      try await RunningServer.hearing(transcriber, meter: meter) { server in
        try await RawConnection.open(port: server.port) { exchange in
          try await exchange.send(bytes: server.recording())
          for await _ in transcriber.hangs { break }
        }
        for await _ in transcriber.cancellations { break }
        while meter.outstanding > 0 { await Task.yield() }
      }
      let row = try #require(try store.newestRows().first)
      #expect(row.status == .cancelled)
      #expect(row.usage == TokenUsage(audioMilliseconds: 1000))
    }
  }

  @Test func aFullQueueIsA503() async throws {
    try await RunningServer.hearing(FakeTranscriber(.hangAfterFirst)) { server in
      let status = await withTaskGroup(of: Int?.self) { tasks in
        // One has the model and 16 wait.
        for _ in 0..<18 { tasks.addTask { try? await server.transcribe().status } }
        let first = await tasks.next() ?? nil
        tasks.cancelAll()
        return first
      }
      #expect(status == 503)
    }
  }

  @Test func aRealModelWritesDownTheSame() async throws {
    let model = try SpeechModel.load(ProjectFixtures.root + "/speech/tiny-f16.bin")
    try await RunningServer.serving([ServedModel(name: "whisper-1", speech: model)]) { server in
      let answer = try await server.transcribe([("response_format", "verbose_json")])
      #expect(answer.status == 200)
      #expect(try answer.json["duration"]?.doubleValue == 2.3)
      #expect(try answer.json["usage"]?["seconds"] == 3)
      #expect(try answer.json["segments"]?.arrayValue != nil)
    }
  }
}
