// Finding text in text.

extension TemplateEvaluator {
  func search(_ text: TemplateText) -> TemplateSearch {
    TemplateSearch(utf8: text.utf8, budget: budget)
  }
}

/// Looks for parts of a text and pays for what it compares: text that is made to be slow to search
/// ends in an error.
struct TemplateSearch {
  let utf8: [UInt8]
  let budget: TemplateBudget

  /// The first place at or after `start` where `part` stands.
  func first(_ part: TemplateText, from start: Int = 0) throws(TemplateFault) -> Int? {
    let part = part.utf8
    guard let head = part.first else { return start <= utf8.count ? start : nil }
    var place = start
    while place + part.count <= utf8.count {
      guard let candidate = utf8[place...(utf8.count - part.count)].firstIndex(of: head) else {
        break
      }
      try budget.scan(candidate - place)
      if try matches(part, at: candidate) { return candidate }
      place = candidate + 1
    }
    try budget.scan(max(0, utf8.count - place))
    return nil
  }

  /// The last place before which `part` ends at or before `end`.
  func last(_ part: TemplateText, before end: Int? = nil) throws(TemplateFault) -> Int? {
    let part = part.utf8
    let end = end ?? utf8.count
    guard let head = part.first else { return end }
    guard end >= part.count else { return nil }
    var place = end - part.count
    while place >= 0 {
      if utf8[place] == head, try matches(part, at: place) { break }
      place -= 1
    }
    try budget.scan(end - max(0, place))
    return place < 0 ? nil : place
  }

  private func matches(_ part: [UInt8], at place: Int) throws(TemplateFault) -> Bool {
    for index in part.indices where utf8[place + index] != part[index] {
      // Comparing takes about twice as long as looking for the first byte.
      try budget.scan(2 * index)
      return false
    }
    try budget.scan(2 * part.count)
    return true
  }

  /// The places of `part` that do not overlap, from the left, at most `limit` of them.
  func all(_ part: TemplateText, limit: Int = .max) throws(TemplateFault) -> [Int] {
    var places: [Int] = []
    var start = 0
    while places.count < limit, let place = try first(part, from: start) {
      try budget.step()
      places.append(place)
      // An empty part stands before every code point and at the end.
      start = place + part.utf8.count
      if part.utf8.isEmpty {
        guard place < utf8.count else { break }
        start += TemplateText.scalar(in: utf8[...], at: place).length
      }
    }
    return places
  }
}
