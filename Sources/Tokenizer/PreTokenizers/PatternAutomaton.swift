// A pattern compiled to a table: one look-up a character, no backtracking, linear time.
//
// The pattern becomes a program of sets and forks. A state of the automaton is the list of places
// in that program where a match may stand, best first; a match found in the list drops all places
// after it, which is what "the first alternative wins" and "as often as possible" mean. States are
// numbered and their transitions tabulated once, when the automaton is made.

/// A deterministic automaton over classes of characters.
struct PatternAutomaton: Sendable {
  /// The class of each code point.
  let classes: CodePointMap
  /// The class that stands for the end of the piece.
  let endClass: Int
  private let classCount: Int
  /// By state and class: the next state's first entry << 1 | whether a match ends before this
  /// character. State 0 is dead.
  private let transitions: [UInt32]

  /// The state before the first character.
  private static let start = 1

  /// Compiles a pattern of the language that `Pattern` describes.
  init(_ text: String) {
    var program = PatternProgram()
    program.compile(PatternParser.parse(text))
    let (classes, members) = Self.partition(program.sets + [.whiteSpace])
    let count = members.count
    let isWhiteSpace = members.map { $0[program.sets.count] }
    var numbers: [[Int]: Int] = [[]: 0, [0]: Self.start]
    var states: [[Int]] = [[], [0]]
    var transitions = [UInt32](repeating: 0, count: count + 1)
    var state = Self.start
    while state < states.count {
      for character in 0...count {
        let isEnd = character == count
        var (next, accepts) = program.step(
          from: states[state], isEnd: isEnd, isWhiteSpace: !isEnd && isWhiteSpace[character],
          isMember: { !isEnd && members[character][$0] })
        if isEnd { next = [] }
        let number = numbers[next] ?? states.count
        if number == states.count {
          numbers[next] = number
          states.append(next)
        }
        transitions.append(UInt32(number * (count + 1) << 1 | (accepts ? 1 : 0)))
      }
      state += 1
    }
    self.classes = classes
    endClass = count
    classCount = count + 1
    self.transitions = transitions
  }

  /// Where the match that starts at `start` ends, or nil if none does. The piece ends at `end`;
  /// needs `start < end <= bytes.count`.
  @inline(__always)
  private func matchEnd(
    in bytes: [UInt8], from start: Int, before end: Int, _ transitions: borrowing Span<UInt32>,
    _ ascii: borrowing Span<UInt8>
  ) -> Int? {
    var state = Self.start * classCount
    var position = start
    var match = -1
    while true {
      var next = position + 1
      let character: Int
      if position == end {
        character = endClass
      } else if bytes[position] < 0x80 {
        character = Int(ascii[Int(bytes[position])])
      } else {
        let decoded = bytes.character(at: position, before: end)
        next = position + decoded.length
        character = Int(classes[decoded.codePoint])
      }
      let transition = transitions[state + character]
      if transition & 1 != 0 { match = position }
      state = Int(transition >> 1)
      if state == 0 { return match > start ? match : nil }
      position = next
    }
  }

  /// Adds to `borders` where the pieces of `bytes[start..<end]` end: the matches, and what lies
  /// between matches. Stops after about `limit` pieces; says where.
  func appendBorders(
    in bytes: [UInt8], from start: Int, to end: Int, limit: Int, _ borders: inout [Int]
  ) -> Int {
    let transitions = transitions.span
    let ascii = classes.ascii.span
    let most = borders.count + limit
    var position = start
    var border = start
    while position < end {
      if let match = matchEnd(in: bytes, from: position, before: end, transitions, ascii) {
        if border < position { borders.append(position) }
        borders.append(match)
        position = match
        border = match
        if borders.count >= most { return position }
      } else {
        position += bytes.character(at: position, before: end).length
      }
    }
    if border < end { borders.append(end) }
    return end
  }

  /// Groups code points that every set treats alike; for each group, which sets have it.
  private static func partition(_ sets: [CodePointSet]) -> (CodePointMap, [[Bool]]) {
    var borders: Set<UInt32> = [0]
    for range in sets.flatMap(\.ranges) {
      borders.insert(range.lowerBound)
      if range.upperBound < 0x10FFFF { borders.insert(range.upperBound + 1) }
    }
    var cursors = [Int](repeating: 0, count: sets.count)
    var numbers: [[Bool]: UInt8] = [:]
    var members: [[Bool]] = []
    var runs: [(start: UInt32, value: UInt8)] = []
    for border in borders.sorted() {
      let signature = sets.indices.map { index in
        let ranges = sets[index].ranges
        while cursors[index] < ranges.count, ranges[cursors[index]].upperBound < border {
          cursors[index] += 1
        }
        return cursors[index] < ranges.count && ranges[cursors[index]].lowerBound <= border
      }
      let number = numbers[signature] ?? UInt8(members.count)
      if numbers.updateValue(number, forKey: signature) == nil { members.append(signature) }
      runs.append((border, number))
    }
    return (CodePointMap(runs: runs), members)
  }
}
