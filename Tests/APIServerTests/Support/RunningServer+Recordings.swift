// Recordings and the forms that they are sent in.

extension RunningServer {
  /// Sends a form with a recording and fields beside it, the recording last.
  func transcribe(
    _ fields: [(String, String)] = [], path: String = "/v1/audio/transcriptions",
    file: [UInt8]? = Recording.wav(milliseconds: 2300), headers: [String] = [],
    boundary: String = "b", fileName: [UInt8] = Array("a b.wav".utf8)
  ) async throws -> HTTPAnswer {
    let request = recording(
      fields, path: path, file: file, headers: headers, boundary: boundary, fileName: fileName)
    return try await RawConnection.open(port: port) { exchange in
      try await exchange.send(bytes: request)
      return try await exchange.answer()
    }
  }

  /// The bytes of such a request. A field replaces the model's name where it is called so.
  func recording(
    _ fields: [(String, String)] = [], path: String = "/v1/audio/transcriptions",
    file: [UInt8]? = Recording.wav(milliseconds: 2300), headers: [String] = [],
    boundary: String = "b", fileName: [UInt8] = Array("a b.wav".utf8)
  ) -> [UInt8] {
    let model = fields.contains { $0.0 == "model" } ? [] : [("model", "whisper-1")]
    var body: [UInt8] = []
    for (name, value) in model + fields {
      body += Array(
        "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8
      )
    }
    if let file {
      let disposition = "Content-Disposition: form-data; name=\"file\"; filename="
      body += Array("--\(boundary)\r\n\(disposition)\"".utf8) + fileName
      body += Array("\"\r\nContent-Type: audio/wav\r\n\r\n".utf8)
      body += file + Array("\r\n".utf8)
    }
    body += Array("--\(boundary)--\r\n".utf8)
    let type = "Content-Type: multipart/form-data; boundary=\(boundary)"
    return Array(
      head("POST", path, [type, "Content-Length: \(body.count)"] + headers).utf8) + body
  }
}

enum Recording {
  /// A saw's tooth, one channel of 16 bits at 16 kHz.
  static func wav(milliseconds: Int) -> [UInt8] {
    func number(_ value: Int, _ count: Int = 4) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    let samples = (0..<16 * milliseconds).flatMap { number($0 % 73 * 300 - 10_000, 2) }
    var bytes = Array("RIFF".utf8) + number(36 + samples.count) + Array("WAVEfmt ".utf8)
    bytes += number(16) + [1, 0, 1, 0] + number(16_000) + number(32_000) + [2, 0, 16, 0]
    return bytes + Array("data".utf8) + number(samples.count) + samples
  }
}
