// Lists and mappings. They are made once and never change.

/// What a `range` was made of: its end may lie behind its last element.
struct TemplateRange: Sendable {
  let start: Int
  let stop: Int
  let step: Int
}

/// A sequence: a list or something that behaves like one.
final class TemplateList: Sendable {
  enum Kind: Sendable {
    case list, tuple, range
    /// The views that a mapping's `keys()`, `values()` and `items()` give.
    case keys, values, items
    /// A pair that `groupby` makes: a tuple with the attributes `grouper` and `list`.
    case group
  }

  let elements: [TemplateValue]
  let kind: Kind
  /// 1, and one more than the deepest element.
  let depth: Int
  /// For a range.
  let range: TemplateRange?

  init(_ elements: [TemplateValue], kind: Kind = .list, range: TemplateRange? = nil) {
    self.elements = elements
    self.kind = kind
    self.range = range
    depth = elements.lazy.map(\.depth).max().map { $0 + 1 } ?? 1
  }

  /// Whether elements can be had by number: views only hand them out in turn.
  var isIndexed: Bool {
    switch kind {
    case .list, .tuple, .range, .group: true
    case .keys, .values, .items: false
    }
  }

  /// The element at `index`, which counts from the end where it is negative.
  subscript(index: Int) -> TemplateValue? {
    let place = index < 0 ? index + elements.count : index
    return elements.indices.contains(place) ? elements[place] : nil
  }
}

/// A mapping whose keys are in the order in which they were added.
final class TemplateDict: Sendable {
  let keys: [TemplateValue]
  let values: [TemplateValue]
  /// 1, and one more than the deepest value.
  let depth: Int
  private let places: [TemplateText: Int]

  /// `places` is the builder's index, empty where there is none.
  fileprivate init(
    keys: [TemplateValue], values: [TemplateValue], places: [TemplateText: Int]
  ) {
    self.keys = keys
    self.values = values
    self.places = places
    depth = values.lazy.map(\.depth).max().map { $0 + 1 } ?? 1
  }

  subscript(key: TemplateText) -> TemplateValue? {
    TemplateDictBuilder.place(of: key, in: keys, places).map { values[$0] }
  }

  /// The value of any hashable key.
  subscript(key: TemplateValue) -> TemplateValue? {
    TemplateDictBuilder.place(of: key, in: keys, places).map { values[$0] }
  }
}

/// A mapping that is being made: of equal keys the last value counts, in the first one's place.
struct TemplateDictBuilder {
  /// From this many keys on, an index is faster than comparing them all.
  private static let indexedCount = 12

  private(set) var keys: [TemplateValue] = []
  private(set) var values: [TemplateValue] = []
  private var places: [TemplateText: Int] = [:]

  init() {}

  init(_ dict: TemplateDict) {
    for (key, value) in zip(dict.keys, dict.values) { self[key] = value }
  }

  subscript(key: TemplateValue) -> TemplateValue? {
    get { Self.place(of: key, in: keys, places).map { values[$0] } }
    set {
      guard let newValue else { return }
      if let place = Self.place(of: key, in: keys, places) {
        values[place] = newValue
        return
      }
      keys.append(key)
      values.append(newValue)
      if keys.count == Self.indexedCount {
        for (place, key) in keys.enumerated() { if let text = key.text { places[text] = place } }
      } else if keys.count > Self.indexedCount, let text = key.text {
        places[text] = keys.count - 1
      }
    }
  }

  var dict: TemplateDict { TemplateDict(keys: keys, values: values, places: places) }

  fileprivate static func place(
    of key: TemplateText, in keys: [TemplateValue], _ places: [TemplateText: Int]
  ) -> Int? {
    if keys.count >= indexedCount { return places[key] }
    return keys.firstIndex { $0.text == key }
  }

  fileprivate static func place(
    of key: TemplateValue, in keys: [TemplateValue], _ places: [TemplateText: Int]
  ) -> Int? {
    if let text = key.text { return place(of: text, in: keys, places) }
    return keys.firstIndex { $0.isSameKey(as: key) }
  }
}

extension TemplateValue {
  /// Whether the value can be a key: it and all it holds is immutable in Python.
  var isHashable: Bool {
    switch self {
    case .dict: false
    case .list(let list):
      switch list.kind {
      case .tuple, .group: list.elements.allSatisfy(\.isHashable)
      case .range, .keys, .values, .items: true
      case .list: false
      }
    default: true
    }
  }

  /// Equality of hashable values.
  fileprivate func isSameKey(as other: TemplateValue) -> Bool {
    switch (self, other) {
    case (.null, .null), (.undefined, .undefined): true
    case (.list(let left), .list(let right)):
      left.elements.count == right.elements.count
        && zip(left.elements, right.elements).allSatisfy { $0.isSameKey(as: $1) }
    case (.object(let left), .object(let right)): left == right
    default:
      if let left = text, let right = other.text {
        left == right
      } else if let left = integer, let right = other.integer {
        left == right
      } else if let left = double, let right = other.double {
        left == right
      } else {
        false
      }
    }
  }
}
