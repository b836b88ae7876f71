// Texts that end an answer, found across the borders of tokens.

/// Lets text through until a stop text comes, and holds back what may become one.
struct StopTexts: Sendable {
  private let stops: [(text: String, bytes: [UInt8])]
  private var held: [UInt8] = []

  init(_ stops: [String]) {
    self.stops = stops.filter { !$0.isEmpty }.map { ($0, Array($0.utf8)) }
  }

  /// Adds text. Gives the text that is certain, and the stop text that came, if one did: the first
  /// in the text, and of those that begin there the first in the list. What stands before it is
  /// given, the rest is dropped.
  mutating func append(_ text: String) -> (text: String, stop: String?) {
    guard !stops.isEmpty else { return (text, nil) }
    held += Array(text.utf8)
    var first: (place: Int, stop: String)?
    for stop in stops {
      if let place = held.firstRange(of: stop.bytes)?.lowerBound, place < first?.place ?? .max {
        first = (place, stop.text)
      }
    }
    if let first {
      let kept = String(decoding: held[..<first.place], as: UTF8.self)
      held = []
      return (kept, first.stop)
    }
    // The longest end of the text that begins a stop text stays back.
    let longest = stops.map(\.bytes.count).max()! - 1
    var keep = 0
    for length in stride(from: Swift.min(longest, held.count), to: 0, by: -1) {
      if stops.contains(where: { $0.bytes.starts(with: held.suffix(length)) }) {
        keep = length
        break
      }
    }
    let certain = String(decoding: held.dropLast(keep), as: UTF8.self)
    held = Array(held.suffix(keep))
    return (certain, nil)
  }

  /// The text still held back, at the end of an answer without a stop text.
  mutating func finish() -> String {
    defer { held = [] }
    return String(decoding: held, as: UTF8.self)
  }
}
