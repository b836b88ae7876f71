// Telling a GGUF file from everything that is given in its place.

extension GGUFReader {
  private static let magic: [UInt8] = Array("GGUF".utf8)

  /// Moves past the four bytes every GGUF file begins with, or says what the file is instead.
  mutating func checkMagic() throws(GGUFError) {
    let beginning = file.prefix(64)
    if beginning.starts(with: Self.magic) {
      offset = Self.magic.count
      return
    }
    if Self.magic.starts(with: beginning) { throw truncation(in: "the header", needing: 24) }
    throw GGUFError(
      .notGGUF, path: path,
      "is not a GGUF file: it begins with \(Self.excerpt(beginning))\(Self.advice(beginning))")
  }

  /// The first bytes as a person reads them: text in quotation marks, else hexadecimal.
  private static func excerpt(_ bytes: [UInt8]) -> String {
    let text = bytes.prefix(16)
    if text.allSatisfy({ $0 >= 0x20 && $0 < 0x7f || $0 == 0x0a || $0 == 0x0d || $0 == 0x09 }) {
      return GGUFError.quoted(String(decoding: text, as: UTF8.self))
    }
    return "bytes "
      + bytes.prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
  }

  /// What such a file probably is, and what to do about it.
  private static func advice(_ bytes: [UInt8]) -> String {
    func begins(_ text: String) -> Bool { bytes.starts(with: text.utf8) }
    if begins("version https://git-lfs") {
      return ", a Git LFS pointer; fetch the file it stands for (git lfs pull)"
    }
    // A 64-bit length of the JSON that follows: tried before "<", which it may begin with.
    if bytes.count > 8, bytes[7] == 0, bytes[8] == UInt8(ascii: "{") {
      return ", a safetensors file; convert it to GGUF"
    }
    if begins("<") { return ", a web page; download the model file itself" }
    if bytes.starts(with: [0x1f, 0x8b]) { return ", a gzip archive; unpack it" }
    if begins("PK") { return ", a zip archive or PyTorch checkpoint; unpack or convert it" }
    if SpeechFileHead.begins(bytes) {
      return ", a speech model (Whisper); give it to apus transcribe"
    }
    if ["ggml", "lmgg", "fmgg", "tjgg", "algg"].contains(where: begins) {
      return ", a model of a time before GGUF; take a newer download"
    }
    return "; give a model in GGUF format"
  }
}
