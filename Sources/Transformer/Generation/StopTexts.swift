// Texts that end an answer, found across the borders of tokens.

/// Lets text through until a stop text comes, and holds back what may become one.
struct StopTexts: Sendable {
  private let stops: [[UInt8]]
  private var held: [UInt8] = []

  init(_ stops: [String]) { self.stops = stops.filter { !$0.isEmpty }.map { Array($0.utf8) } }

  /// Adds text. Gives the text that is certain, and whether a stop text came; what stands before
  /// the stop text is given, the rest is dropped.
  mutating func append(_ text: String) -> (text: String, isStopped: Bool) {
    guard !stops.isEmpty else { return (text, false) }
    held += Array(text.utf8)
    var first: Int?
    for stop in stops {
      if let place = held.firstRange(of: stop)?.lowerBound {
        first = Swift.min(first ?? place, place)
      }
    }
    if let first {
      let kept = String(decoding: held[..<first], as: UTF8.self)
      held = []
      return (kept, true)
    }
    // The longest end of the text that begins a stop text stays back.
    let longest = stops.map(\.count).max()! - 1
    var keep = 0
    for length in stride(from: Swift.min(longest, held.count), to: 0, by: -1) {
      if stops.contains(where: { $0.starts(with: held.suffix(length)) }) {
        keep = length
        break
      }
    }
    let certain = String(decoding: held.dropLast(keep), as: UTF8.self)
    held = Array(held.suffix(keep))
    return (certain, false)
  }

  /// The text still held back, at the end of an answer without a stop text.
  mutating func finish() -> String {
    defer { held = [] }
    return String(decoding: held, as: UTF8.self)
  }
}
