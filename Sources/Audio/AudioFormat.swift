// What the bytes are, by what they begin with.

/// A format that is read here.
enum AudioFormat {
  case wav, flac, mp3

  /// The format of a file, and where it begins behind tags that were put in front of it.
  static func find(in bytes: [UInt8]) throws(AudioError) -> (AudioFormat, start: Int) {
    guard !bytes.isEmpty else { throw AudioError.noBytes }
    let start = ID3Tag.end(of: bytes, from: 0)
    guard start < bytes.count else {
      throw AudioError.damaged("MP3", "it ends within its tag")
    }
    if bytes.hasText("fLaC", at: start) { return (.flac, start) }
    if ["RIFF", "RF64", "BW64"].contains(where: { bytes.hasText($0, at: start) }) {
      guard bytes.count - start >= 12 else {
        throw AudioError.damaged("WAV", "it ends within its header")
      }
      if bytes.hasText("WAVE", at: start + 8) { return (.wav, start) }
      throw AudioError.unsupported(bytes.hasText("AVI ", at: start + 8) ? "AVI" : "RIFF, not WAV")
    }
    if let name = refusedContainer(bytes, at: start) { throw AudioError.unsupported(name) }
    if let frame = MP3Header.first(in: bytes, from: start) { return (.mp3, frame) }
    if let name = refusedStream(bytes, at: start) { throw AudioError.unsupported(name) }
    throw AudioError.unknown
  }

  /// The name of a container that is known and not read.
  private static func refusedContainer(_ bytes: [UInt8], at start: Int) -> String? {
    if bytes.hasText("OggS", at: start) { return oggName(bytes, at: start) }
    if bytes.has([0x1a, 0x45, 0xdf, 0xa3], at: start) {
      let isWebM = (start..<min(start + 64, bytes.count)).contains { bytes.hasText("webm", at: $0) }
      return isWebM ? "WebM" : "Matroska"
    }
    if bytes.hasText("ftyp", at: start + 4) {
      if bytes.hasText("M4A", at: start + 8) { return "MP4 (M4A)" }
      return bytes.hasText("qt  ", at: start + 8) ? "QuickTime" : "MP4"
    }
    if bytes.has([0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11], at: start) {
      return "WMA (ASF)"
    }
    let names = [
      ("FORM", "AIFF"), ("caff", "CAF"), (".snd", "AU"), ("ADIF", "AAC"), ("#!AMR", "AMR"),
      ("RIFX", "big-endian WAV"), ("riff", "Wave64"), ("wvpk", "WavPack"),
      ("MAC ", "Monkey's Audio"),
      ("TTA1", "True Audio"), ("MPCK", "Musepack"), ("MThd", "MIDI"),
    ]
    return names.first { bytes.hasText($0.0, at: start) }?.1
  }

  /// What the first packet of an Ogg file is of.
  private static func oggName(_ bytes: [UInt8], at start: Int) -> String {
    let packet = start + 27 + (start + 26 < bytes.count ? Int(bytes[start + 26]) : 0)
    let names = [
      ("OpusHead", "Opus"), ("\u{1}vorbis", "Vorbis"), ("\u{7f}FLAC", "FLAC"),
      ("Speex   ", "Speex"),
    ]
    let codec = names.first { bytes.hasText($0.0, at: packet) }?.1
    return codec.map { "Ogg \($0)" } ?? "Ogg"
  }

  /// The name of a stream of frames that begins here and is not read.
  private static func refusedStream(_ bytes: [UInt8], at start: Int) -> String? {
    guard start + 2 < bytes.count, bytes[start] == 0xff, bytes[start + 1] >= 0xe0 else {
      return nil
    }
    switch (bytes[start + 1] >> 3 & 3, bytes[start + 1] >> 1 & 3, bytes[start + 2] >> 4) {
    case (2..., 0, _) where bytes[start + 1] >= 0xf0: return "AAC (ADTS)"
    case (2..., 2, 1...14): return "MPEG audio layer II"
    case (2..., 3, 1...14): return "MPEG audio layer I"
    case (_, 1, 0): return "MP3 of free format"
    default: return nil
    }
  }
}

/// Tags in front of a file, which some programs put before FLAC and WAV too (id3.org, ID3v2.4).
enum ID3Tag {
  /// Where the tags end that begin at `start`; `start` where there is none.
  static func end(of bytes: [UInt8], from start: Int) -> Int {
    var start = start
    while bytes.hasText("ID3", at: start), start + 10 <= bytes.count {
      var size = 0
      for byte in bytes[start + 6..<start + 10] { size = size << 7 | Int(byte & 0x7f) }
      let footer = bytes[start + 5] & 0x10 != 0 ? 10 : 0
      start = min(start + 10 + size + footer, bytes.count)
    }
    return start
  }
}

extension [UInt8] {
  /// Whether these bytes stand at an offset.
  func has(_ other: some Collection<UInt8>, at offset: Int) -> Bool {
    offset >= 0 && other.count <= count - offset
      && zip(self[offset...], other).allSatisfy { $0 == $1 }
  }

  /// Whether this text of ASCII stands at an offset.
  func hasText(_ text: String, at offset: Int) -> Bool {
    has(text.utf8, at: offset)
  }

  /// The little-endian number of some bytes at an offset; nil past the end.
  func littleEndian(at offset: Int, byteCount: Int) -> UInt64? {
    guard offset >= 0, byteCount <= count - offset else { return nil }
    return self[offset..<offset + byteCount].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// The big-endian number of some bytes at an offset; nil past the end.
  func bigEndian(at offset: Int, byteCount: Int) -> UInt64? {
    guard offset >= 0, byteCount <= count - offset else { return nil }
    return self[offset..<offset + byteCount].reduce(0) { $0 << 8 | UInt64($1) }
  }
}
