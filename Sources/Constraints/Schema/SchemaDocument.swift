// A schema with its subschemas by place, and where references lead.

import JSON

/// A schema document. Subschemas are numbered as they are asked for.
struct SchemaDocument {
  struct Node {
    let value: JSONValue
    /// Its JSON pointer, with `#`.
    let pointer: String
    /// The URI of the resource that it stands in, without fragment.
    let base: String
  }

  private(set) var nodes: [Node] = []
  private var numbers: [String: Int] = [:]
  /// Absolute URIs of resources, and of anchors with `#`, with the number of their schema.
  private var targets: [String: Int] = [:]
  private var dynamicAnchors: Set<String> = []
  private(set) var resourceCount = 0
  /// Bytes of pointers and URIs that were made: each repeats what it stands below.
  private var placeBytes = 0
  private static let mostPlaceBytes = 8 << 20

  /// Whether its names and URIs are too long for the many schemas below them. Not all of it is known
  /// then.
  var isTooLong: Bool { placeBytes > Self.mostPlaceBytes }

  init(_ root: JSONValue) {
    _ = number(root, "#", "")
    scan(0, isRoot: true)
  }

  private mutating func number(_ value: JSONValue, _ pointer: String, _ base: String) -> Int {
    if let number = numbers[pointer] { return number }
    numbers[pointer] = nodes.count
    placeBytes += pointer.utf8.count
    var base = base
    if let id = value["$id"]?.stringValue {
      // Taken apart to be put together.
      placeBytes += 8 * (id.utf8.count + base.utf8.count)
      base = URIReference(id).resolved(against: base)
    }
    nodes.append(Node(value: value, pointer: pointer, base: base))
    return nodes.count - 1
  }

  /// The subschema below `node` at `path`; it must be there.
  mutating func child(_ node: Int, _ path: String...) -> Int {
    var value = nodes[node].value
    var pointer = nodes[node].pointer
    for part in path {
      value = Self.element(value, part) ?? .bool(true)
      pointer += "/" + Self.escaped(part)
    }
    return number(value, pointer, nodes[node].base)
  }

  /// Whether a name of a property is taken for another one: to Swift, strings are equal that differ
  /// only in how characters are composed, and to JSON they are not.
  var hasAmbiguousNames: Bool {
    var known: [String: [UInt8]] = [:]
    func isKnownOtherwise(_ name: String) -> Bool {
      let bytes = Array(name.utf8)
      return known.updateValue(bytes, forKey: name).map { $0 != bytes } ?? false
    }
    var pending = [nodes[0].value]
    while let value = pending.popLast() {
      pending += value.arrayValue ?? []
      for (key, value) in value.objectValue ?? [:] {
        if isKnownOtherwise(key) { return true }
        pending.append(value)
        for name in key == "required" ? value.arrayValue ?? [] : [] {
          if let name = name.stringValue, isKnownOtherwise(name) { return true }
        }
      }
    }
    return false
  }

  static func escaped(_ part: String) -> String {
    var result = ""
    for character in part {
      switch character {
      case "~": result += "~0"
      case "/": result += "~1"
      default: result.append(character)
      }
    }
    return result
  }

  private static func element(_ value: JSONValue, _ part: String) -> JSONValue? {
    switch value {
    case .object(let members): members[part]
    case .array: Int(part).flatMap { value[$0] }
    default: nil
    }
  }

  // MARK: References

  /// Finds resources and anchors below a schema.
  private mutating func scan(_ start: Int, isRoot: Bool) {
    var pending = [start]
    while let number = pending.popLast(), !isTooLong {
      let node = nodes[number]
      guard let members = node.value.objectValue else { continue }
      if number == 0 || members["$id"] != nil {
        targets[node.base] = number
        resourceCount += 1
      }
      for key in ["$anchor", "$dynamicAnchor"] {
        guard let name = members[key]?.stringValue else { continue }
        placeBytes += node.base.utf8.count
        targets[node.base + "#" + name] = number
        if key == "$dynamicAnchor" { dynamicAnchors.insert(node.base + "#" + name) }
      }
      for (key, value) in members {
        switch (SchemaKeyword.shape(of: key), value) {
        case (.schema, .object), (.schema, .bool): pending.append(child(number, key))
        case (.schema, .array(let items)), (.list, .array(let items)):
          for index in items.indices where !isTooLong {
            pending.append(child(number, key, "\(index)"))
          }
        case (.map, .object(let map)):
          for name in map.keys where !isTooLong { pending.append(child(number, key, name)) }
        default: break
        }
      }
    }
  }

  /// The schema that a reference from `node` leads to; nil where it leads out of the document.
  mutating func target(of reference: String, from node: Int) -> Int? {
    placeBytes += nodes[node].base.utf8.count
    let parts = reference.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
    let base = URIReference(String(parts[0])).resolved(against: nodes[node].base)
    let fragment = parts.count > 1 ? String(parts[1]) : ""
    if fragment.isEmpty { return targets[base] }
    guard fragment.hasPrefix("/") else { return targets[base + "#" + fragment] }
    guard let resource = targets[base], let text = Self.percentDecoded(fragment) else { return nil }
    var number = resource
    for part in text.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
      let key = Self.unescaped(part)
      guard Self.element(nodes[number].value, key) != nil else { return nil }
      number = child(number, key)
    }
    return number
  }

  /// Whether a reference leads to an anchor that other resources may redefine.
  func isDynamic(_ reference: String, from node: Int) -> Bool {
    let name = reference.split(separator: "#").last.map(String.init) ?? ""
    return resourceCount > 1 && dynamicAnchors.contains { $0.hasSuffix("#" + name) }
  }

  private static func unescaped(_ part: Substring) -> String {
    var result = ""
    var isEscape = false
    for character in part {
      if isEscape {
        result.append(character == "1" ? "/" : "~")
        isEscape = false
      } else if character == "~" {
        isEscape = true
      } else {
        result.append(character)
      }
    }
    return result
  }

  private static func percentDecoded(_ text: String) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%") {
        guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
          return nil
        }
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }
}

/// A URI reference without fragment (RFC 3986), as far as schemas use them.
struct URIReference {
  private let text: String

  init(_ text: String) {
    self.text =
      text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).first.map(
        String.init) ?? ""
  }

  func resolved(against base: String) -> String {
    if text.isEmpty { return base }
    if hasScheme(text) || base.isEmpty { return text }
    let (scheme, authority, path) = Self.split(base)
    if text.hasPrefix("//") { return scheme + text }
    if text.hasPrefix("/") { return scheme + authority + Self.withoutDots(text) }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    return scheme + authority + Self.withoutDots(folder + text)
  }

  private func hasScheme(_ text: String) -> Bool {
    guard let colon = text.firstIndex(of: ":") else { return false }
    return text[..<colon].allSatisfy { $0.isLetter || $0.isNumber || "+.-".contains($0) }
  }

  private static func split(_ uri: String) -> (scheme: String, authority: String, path: String) {
    guard let colon = uri.firstIndex(of: ":") else { return ("", "", uri) }
    let scheme = String(uri[...colon])
    let rest = uri[uri.index(after: colon)...]
    guard rest.hasPrefix("//") else { return (scheme, "", String(rest)) }
    let afterSlashes = rest.dropFirst(2)
    let end = afterSlashes.firstIndex(of: "/") ?? afterSlashes.endIndex
    return (scheme, "//" + afterSlashes[..<end], String(afterSlashes[end...]))
  }

  private static func withoutDots(_ path: String) -> String {
    var parts: [Substring] = []
    let all = path.split(separator: "/", omittingEmptySubsequences: false)
    for part in all {
      if part == ".." {
        if parts.count > 1 { parts.removeLast() }
      } else if part != "." {
        parts.append(part)
      }
    }
    return parts.joined(separator: "/")
  }
}
