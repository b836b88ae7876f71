// The members of a JSON object, in order and quick to find.

/// The members of a JSON object in the order they were written. A key stands once; the last
/// value given for it wins, in the place of the first. Keys are compared byte by byte (RFC 8259,
/// section 8.3), not as Swift compares strings, to which canonically equivalent ones are equal.
public struct JSONObject: Sendable {
  fileprivate struct Member: Sendable, Equatable {
    let key: KeyBytes
    var value: JSONValue
  }

  /// Most objects are small, and comparing a few keys is faster than hashing one; an index is
  /// kept from this many members on.
  private static let indexedCount = 12

  private var members: [Member] = []
  /// The place of each key in `members`; empty below `indexedCount` members.
  private var places: [KeyBytes: Int] = [:]

  /// A key that is equal to those with the same bytes.
  fileprivate struct KeyBytes: Hashable, Sendable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (a: Self, b: Self) -> Bool {
      // Strings that are not equal to Swift have other bytes, which is quickly seen.
      a.text == b.text && a.text.utf8.elementsEqual(b.text.utf8)
    }

    func hash(into hasher: inout Hasher) { for byte in text.utf8 { hasher.combine(byte) } }
  }

  public init() {}

  public var count: Int { members.count }

  public var isEmpty: Bool { members.isEmpty }

  /// Keys in order.
  public var keys: [String] { members.map(\.key.text) }

  /// The value of `key`; setting nil removes the member.
  public subscript(key: String) -> JSONValue? {
    get { place(of: key).map { members[$0].value } }
    set {
      switch (place(of: key), newValue) {
      case (let place?, let value?): members[place].value = value
      case (nil, let value?): append(Member(key: KeyBytes(key), value: value))
      case (let place?, nil): remove(at: place)
      case (nil, nil): break
      }
    }
  }

  private func place(of key: String) -> Int? {
    let key = KeyBytes(key)
    if members.count < Self.indexedCount { return members.firstIndex { $0.key == key } }
    return places[key]
  }

  private mutating func append(_ member: Member) {
    members.append(member)
    if members.count > Self.indexedCount {
      places[member.key] = members.count - 1
    } else if members.count == Self.indexedCount {
      index()
    }
  }

  private mutating func remove(at place: Int) {
    members.remove(at: place)
    index()
  }

  private mutating func index() {
    places.removeAll(keepingCapacity: true)
    guard members.count >= Self.indexedCount else { return }
    for (place, member) in members.enumerated() {
      places[member.key] = place
    }
  }
}

/// Objects are equal when they have equal members in the same order.
extension JSONObject: Equatable {
  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    left.members == right.members
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    for (key, value) in elements { self[key] = value }
  }
}

extension JSONObject: Sequence {
  /// The members in order.
  public struct Iterator: IteratorProtocol {
    private var members: IndexingIterator<[Member]>

    fileprivate init(_ members: [Member]) { self.members = members.makeIterator() }

    public mutating func next() -> (key: String, value: JSONValue)? {
      members.next().map { ($0.key.text, $0.value) }
    }
  }

  public var underestimatedCount: Int { count }

  public func makeIterator() -> Iterator { Iterator(members) }
}
