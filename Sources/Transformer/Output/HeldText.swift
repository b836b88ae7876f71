// Text that waits for a marker: what is certainly in front of it goes on, what may be its
// beginning stays.

/// Text as bytes, because a marker must be found whatever follows it. Cuts fall at the borders of
/// ASCII markers only, so that every part is UTF-8.
struct HeldText {
  private(set) var bytes: [UInt8] = []

  var text: String { String(decoding: bytes, as: UTF8.self) }

  mutating func append(_ text: String) { bytes += text.utf8 }

  /// Everything, leaving nothing.
  mutating func takeAll() -> String {
    defer { bytes = [] }
    return text
  }

  mutating func drop(_ count: Int) { bytes.removeFirst(count) }

  /// Drops white space from the front.
  mutating func trimStart() { bytes = Array(bytes.drop { $0.isJSONSpace }) }

  /// Takes the text before `marker` and drops the marker; nil where it has not come.
  mutating func take(before marker: String) -> String? {
    guard let range = bytes.firstRange(of: marker.utf8) else { return nil }
    defer { bytes.removeFirst(range.upperBound) }
    return String(decoding: bytes[..<range.lowerBound], as: UTF8.self)
  }

  /// Takes the text that cannot be part of `marker`, which has not come as a whole.
  mutating func takeCertain(without marker: String) -> String {
    takeCertain(without: [marker])
  }

  /// The same for several marks.
  mutating func takeCertain(without markers: [String]) -> String {
    var keep = 0
    for marker in markers {
      let marker = Array(marker.utf8)
      var length = min(marker.count - 1, bytes.count)
      while length > 0, !marker.starts(with: bytes.suffix(length)) { length -= 1 }
      keep = max(keep, length)
    }
    let certain = String(decoding: bytes.dropLast(keep), as: UTF8.self)
    bytes = Array(bytes.suffix(keep))
    return certain
  }

  /// How the front compares with `marker`.
  func front(_ marker: String) -> Front {
    if bytes.starts(with: marker.utf8) { return .isMarker }
    return marker.utf8.starts(with: bytes) ? .mayBecome : .isOther
  }

  enum Front {
    case isMarker
    /// Every byte agrees so far.
    case mayBecome
    case isOther
  }
}

extension UInt8 {
  /// Whether this is one of JSON's white spaces.
  var isJSONSpace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}
