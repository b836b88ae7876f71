// The tokens that a run of merges names.

/// Looks up merges, from one on.
struct MergeSearch {
  /// The merges whose three spellings are tokens.
  private(set) var found: [PairMerges.Merge] = []
  /// The others.
  private(set) var incomplete: [PairMerges.Merge] = []

  private let index: TokenIndex
  private let merges: StringTable
  private let isByteLevel: Bool
  /// The next merge.
  private var next: Int
  /// What the last merge became.
  private var whole = 0
  private var block = TokenBlock()
  /// For each two parts of the block, the merge whose sides they are.
  private var waiting: [PairMerges.Merge] = []

  init(_ index: TokenIndex, _ merges: StringTable, isByteLevel: Bool, from first: Int) {
    self.index = index
    self.merges = merges
    self.isByteLevel = isByteLevel
    next = first
  }

  /// Looks up the merges before `end`.
  mutating func run(_ tokens: TokenLookup, to end: Int) {
    found.reserveCapacity(end - next)
    while next < end {
      read(tokens, to: min(end, next + TokenBlock.capacity / 2))
      tokens.find(&block)
      for place in waiting.indices {
        waiting[place].left = block.numbers[place * 2]
        waiting[place].right = block.numbers[place * 2 + 1]
        add(waiting[place])
      }
    }
  }

  /// Reads the merges before `end` and puts the sides of those that become the expected token into
  /// the block; others are looked up at once.
  private mutating func read(_ tokens: TokenLookup, to end: Int) {
    block.removeAll()
    waiting.removeAll(keepingCapacity: true)
    let (texts, merges) = (index.texts, merges)
    let lines = merges.bytes.span
    for number in next..<end {
      let line = merges.range(of: number)
      let space = MergeList.space(lines, from: line.lowerBound, to: line.upperBound)
      if !Self.spells(whole, texts, lines, line, space) {
        whole += 1
        if !Self.spells(whole, texts, lines, line, space) {
          search(tokens, number, line)
          continue
        }
      }
      let bytes = tokens.strings.range(of: whole)
      if bytes.isEmpty || tokens.hasDuplicates {
        search(tokens, number, line)
        continue
      }
      var middle = bytes.lowerBound + space - line.lowerBound
      if isByteLevel {
        // A character of two bytes spells one.
        for position in line.lowerBound..<space where lines[position] & 0xC0 == 0x80 { middle -= 1 }
      }
      block.append(tokens, bytes.lowerBound, middle)
      block.append(tokens, middle, bytes.upperBound)
      waiting.append(
        PairMerges.Merge(
          left: 0, right: 0, whole: Int32(truncatingIfNeeded: whole),
          priority: UInt32(truncatingIfNeeded: number)))
    }
    next = end
  }

  /// Whether the sides of a merge, one after the other, are how token `id` is spelled.
  @inline(__always)
  private static func spells(
    _ id: Int, _ texts: StringTable, _ lines: borrowing Span<UInt8>, _ line: Range<Int>,
    _ space: Int
  ) -> Bool {
    if id >= texts.count || space + 1 >= line.upperBound { return false }
    let text = texts.range(of: id)
    let spellings = texts.bytes.span
    return text.count == line.count - 1
      && lines.equals(from: line.lowerBound, to: space, spellings, at: text.lowerBound)
      && lines.equals(
        from: space + 1, to: line.upperBound, spellings,
        at: text.lowerBound + space - line.lowerBound)
  }

  private mutating func add(_ merge: PairMerges.Merge) {
    if merge.left < 0 || merge.right < 0 || merge.whole < 0 {
      incomplete.append(merge)
    } else {
      found.append(merge)
    }
  }

  /// Looks up all three tokens of a merge.
  private mutating func search(_ tokens: TokenLookup, _ number: Int, _ line: Range<Int>) {
    var text: [UInt8] = []
    guard let middle = MergeList.append(merges.bytes, line, isByteLevel, to: &text) else { return }
    let merge = PairMerges.Merge(
      left: tokens.find(text.span, from: 0, to: middle),
      right: tokens.find(text.span, from: middle, to: text.count),
      whole: tokens.find(text.span, from: 0, to: text.count),
      priority: UInt32(truncatingIfNeeded: number))
    add(merge)
    if merge.whole >= 0 { whole = Int(merge.whole) }
  }
}
