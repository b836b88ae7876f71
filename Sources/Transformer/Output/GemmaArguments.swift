// Gemma's way of writing arguments, turned into JSON while it is generated.

import JSON

/// Reads `{key:<|"|>text<|"|>,other:[1,true]}` byte by byte and tells the same as JSON.
struct GemmaArguments {
  /// What stands in place of a string's quotes.
  static let quote = "<|\"|>"

  private enum Place: Equatable {
    /// Where a key or the end of an object comes.
    case key
    case inKey
    case value
    case inString
  }

  private var place = Place.value
  /// What is open: true for objects, false for arrays.
  private var open: [Bool] = []
  /// Bytes that may become a quote.
  private var held: [UInt8] = []

  /// The JSON that became certain with a byte, and whether the arguments are complete.
  mutating func read(_ byte: UInt8) -> (json: [UInt8], isDone: Bool) {
    let quote = Array(Self.quote.utf8)
    held.append(byte)
    if held == quote {
      held = []
      return (toggleQuote(), false)
    }
    if quote.starts(with: held) { return ([], false) }
    var json: [UInt8] = []
    // What began like a quote was none; its last byte may begin one.
    var rest = held[...]
    held = []
    while let first = rest.popFirst() {
      json += plain(first)
      if open.isEmpty { return (json, true) }
      if !rest.isEmpty, quote.starts(with: rest) {
        held = Array(rest)
        break
      }
    }
    return (json, false)
  }

  private mutating func toggleQuote() -> [UInt8] {
    switch place {
    case .key: place = .inKey
    // The colon ends a key, whether it was quoted or not.
    case .inKey: return []
    case .value: place = .inString
    case .inString: place = .value
    }
    return [UInt8(ascii: "\"")]
  }

  private mutating func plain(_ byte: UInt8) -> [UInt8] {
    switch (place, byte) {
    case (.inKey, UInt8(ascii: ":")):
      place = .value
      return Array("\":".utf8)
    // Plain quotes around a key are understood too.
    case (.inKey, UInt8(ascii: "\"")): return []
    case (.key, UInt8(ascii: "\"")):
      place = .inKey
      return [byte]
    case (.inString, _), (.inKey, _):
      var escaped: [UInt8] = []
      JSONWriter.escape(utf8: [byte], into: &escaped)
      return escaped
    case (_, UInt8(ascii: "{")), (_, UInt8(ascii: "[")):
      open.append(byte == UInt8(ascii: "{"))
      place = open.last == true ? .key : .value
      return [byte]
    case (_, UInt8(ascii: "}")), (_, UInt8(ascii: "]")):
      open.removeLast()
      place = .value
      return [byte]
    case (_, UInt8(ascii: ",")):
      place = open.last == true ? .key : .value
      return [byte]
    case (.key, _) where !byte.isJSONSpace:
      place = .inKey
      return [UInt8(ascii: "\""), byte]
    default: return [byte]
    }
  }
}
