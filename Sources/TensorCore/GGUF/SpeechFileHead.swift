// Telling whisper.cpp's files from others: every file of that time began with the same word.

/// How a file of whisper.cpp's begins.
package enum SpeechFileHead {
  /// Bytes that tell.
  package static let byteCount = 56

  /// Whether these are the first bytes of such a file: 11 numbers behind the word that every file
  /// began with then, and filters for as many bands as one of them says, with the bins of its
  /// spectrum. False for fewer bytes.
  package static func begins(_ bytes: [UInt8]) -> Bool {
    guard bytes.count >= byteCount, bytes.starts(with: "lmgg".utf8) else { return false }
    return bytes[40..<44].elementsEqual(bytes[48..<52])
      && bytes[52..<56].elementsEqual([201, 0, 0, 0])
  }
}
