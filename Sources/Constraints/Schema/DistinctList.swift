// Lists that hold nothing twice, however long they are.

/// Elements in the order in which they came, each once.
struct DistinctList<Element: Hashable>: Equatable {
  private(set) var list: [Element] = []
  private var known: Set<Element> = []

  var count: Int { list.count }
  var isEmpty: Bool { list.isEmpty }

  func contains(_ element: Element) -> Bool { known.contains(element) }

  /// Adds what is not there yet.
  mutating func append(_ element: Element) {
    if known.insert(element).inserted { list.append(element) }
  }

  static func == (a: Self, b: Self) -> Bool { a.list == b.list }
}
