// `wordwrap`: lines of at most so many characters, broken where Python's `textwrap` breaks them.

extension TemplateFilters {
  static func wordWrap(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind([
      "width", "break_long_words", "wrapstring", "break_on_hyphens",
    ])
    let wrapping = TemplateWrapping(
      width: try evaluator.integer(given[0], or: 79), breaksLongWords: given[1]?.isTrue ?? true,
      breaksAtHyphens: given[3]?.isTrue ?? true)
    guard wrapping.width > 0 else { throw evaluator.invalid("'width' must be greater than 0") }
    var newline = TemplateText("\n")
    if let text = given[2], text.type != .none { newline = try evaluator.string(text) }
    let text = try evaluator.string(value)
    try evaluator.budget.walk(text.utf8.count * 4)
    var result: [UInt8] = []
    for (index, line) in text.lines().enumerated() {
      if index > 0 { result += newline.utf8 }
      let lines = wrapping.lines(Array(String(decoding: line, as: UTF8.self).unicodeScalars))
      for (index, wrapped) in lines.enumerated() {
        if index > 0 { result += newline.utf8 }
        result += TemplateText(wrapped).utf8
      }
      try evaluator.budget.make(line.count + (lines.count + 1) * newline.utf8.count)
    }
    return value.keepingSafety(of: .string(TemplateText(utf8: result)))
  }
}

struct TemplateWrapping {
  let width: Int
  let breaksLongWords: Bool
  let breaksAtHyphens: Bool

  /// The lines that one line of text becomes.
  func lines(_ text: [Unicode.Scalar]) -> [[Unicode.Scalar]] {
    var rest = chunks(of: text)[...]
    var lines: [[Unicode.Scalar]] = []
    while !rest.isEmpty {
      var line: [ArraySlice<Unicode.Scalar>] = []
      var length = 0
      if !lines.isEmpty, let first = rest.first, first.allSatisfy(\.isPythonSpace) {
        rest.removeFirst()
      }
      while let next = rest.first, length + next.count <= width {
        length += next.count
        line.append(rest.removeFirst())
      }
      if let long = rest.first, long.count > width {
        if breaksLongWords {
          let part = beginning(of: long, room: width - length)
          line.append(long.prefix(part))
          rest[rest.startIndex] = long.dropFirst(part)
        } else if line.isEmpty {
          line.append(rest.removeFirst())
        }
      }
      if let last = line.last, last.allSatisfy(\.isPythonSpace) { line.removeLast() }
      if !line.isEmpty { lines.append(Array(line.joined())) }
    }
    return lines
  }

  /// How much of a long word fits: up to its last hyphen, if it has one.
  private func beginning(of word: ArraySlice<Unicode.Scalar>, room: Int) -> Int {
    let fitting = word.prefix(room)
    guard breaksAtHyphens, word.count > room, let hyphen = fitting.lastIndex(of: "-"),
      fitting[..<hyphen].contains(where: { $0 != "-" })
    else { return fitting.count }
    return hyphen - fitting.startIndex + 1
  }

  /// Words, white space, and parts of words behind which a line may end.
  private func chunks(of text: [Unicode.Scalar]) -> [ArraySlice<Unicode.Scalar>] {
    var chunks: [ArraySlice<Unicode.Scalar>] = []
    var start = 0
    while start < text.count {
      var end = start + 1
      if text[start].isBreakingSpace {
        while end < text.count, text[end].isBreakingSpace { end += 1 }
      } else if breaksAtHyphens {
        end = dashEnd(text, from: start) ?? wordEnd(text, from: start)
      } else {
        while end < text.count, !text[end].isBreakingSpace { end += 1 }
      }
      chunks.append(text[start..<end])
      start = end
    }
    return chunks
  }

  /// The end of two or more hyphens between words that begin here.
  private func dashEnd(_ text: [Unicode.Scalar], from start: Int) -> Int? {
    guard start > 0, text[start - 1].isWordOrPunctuation else { return nil }
    var end = start
    while end < text.count, text[end] == "-" { end += 1 }
    return end - start >= 2 && end < text.count && text[end].isWordPart ? end : nil
  }

  /// The end of the word, or of its part up to a hyphen between letters, that begins here.
  private func wordEnd(_ text: [Unicode.Scalar], from start: Int) -> Int {
    func isLetter(_ place: Int) -> Bool {
      text.indices.contains(place) && text[place].isWordLetter
    }
    for end in (start + 1)..<max(text.count, start + 1) {
      if text[end] == "-" {
        let followsLetters =
          isLetter(end - 1) && isLetter(end - 2)
          || end >= 2 && text[end - 1].isWordOrPunctuation && text[end - 2] == "-"
            && isLetter(end - 3)
        let next = end + 1
        let precedesLetters =
          isLetter(next)
          && (isLetter(next + 1)
            || next + 1 < text.count && text[next + 1] == "-" && isLetter(next + 2))
        if followsLetters, precedesLetters { return next }
      }
      if text[end].isBreakingSpace { return end }
      if dashEnd(text, from: end) != nil { return end }
    }
    return text.count
  }
}

extension Unicode.Scalar {
  fileprivate var isBreakingSpace: Bool { value == 0x20 || (0x09...0x0D).contains(value) }

  /// A letter, digit or underscore.
  fileprivate var isWordPart: Bool {
    self == "_" || isPythonLetter || properties.numericType != nil
  }

  fileprivate var isWordLetter: Bool {
    isWordPart && properties.numericType != .decimal
  }

  fileprivate var isWordOrPunctuation: Bool {
    isWordPart || "!\"'&.,?".unicodeScalars.contains(self)
  }
}
