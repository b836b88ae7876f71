// Arrays of GGUF metadata: views of the mapped file, decoded when they are asked for.

/// An array in a GGUF file's metadata: a checked view of the mapped bytes, which it keeps alive.
///
/// The elements are all of one type and are no arrays themselves.
public struct GGUFArray: Sendable {
  public let elementType: GGUFValueType
  public let count: Int
  /// Where the elements lie in the file; checked when the file was opened.
  let range: Range<Int>
  let file: MappedFile

  /// The element at `index`.
  ///
  /// Constant time, but for strings, which are found by walking: iterate ``strings`` instead.
  public subscript(index: Int) -> GGUFValue {
    precondition(index >= 0 && index < count, "the index lies outside of the array")
    guard let size = elementType.byteCount else {
      let strings = GGUFStringArray(self)
      return .string(strings.string(in: strings.dropFirst(index).first { _ in true }!))
    }
    return file.scalar(elementType, at: range.lowerBound + index * size)!
  }

  /// The elements of any integer type; nil for other types and when one does not fit an `Int`.
  public var integers: [Int]? {
    switch elementType {
    case .float32, .float64, .bool, .string, .array: return nil
    default: return decoded(\.integer)
    }
  }

  /// The elements of any floating-point or integer type as float32; nil for other types.
  public var floats: [Float]? {
    switch elementType {
    case .bool, .string, .array: return nil
    default: return decoded(\.float)
    }
  }

  /// The elements when they are booleans.
  public var bools: [Bool]? {
    guard elementType == .bool else { return nil }
    return decoded { if case .bool(let value) = $0 { value } else { nil } }
  }

  /// The elements when they are strings.
  public var strings: GGUFStringArray? {
    elementType == .string ? GGUFStringArray(self) : nil
  }

  private func decoded<T>(_ convert: (GGUFValue) -> T?) -> [T]? {
    var result: [T] = []
    result.reserveCapacity(count)
    for index in 0..<count {
      guard let value = convert(self[index]) else { return nil }
      result.append(value)
    }
    return result
  }
}

/// An array of strings as it lies in the mapped file.
///
/// Iterating it gives, for each string, the range of its bytes in the file. Nothing is copied; the
/// bytes need not be UTF-8.
public struct GGUFStringArray: Sendable, Sequence {
  public let count: Int
  let range: Range<Int>
  let file: MappedFile

  init(_ array: GGUFArray) {
    count = array.count
    range = array.range
    file = array.file
  }

  public var underestimatedCount: Int { count }

  public func makeIterator() -> Iterator {
    Iterator(file: file, offset: range.lowerBound, remaining: count)
  }

  /// The string whose bytes lie in `range`, an element of this sequence; U+FFFD replaces what is not
  /// UTF-8.
  public func string(in range: Range<Int>) -> String { file.text(in: range) }

  /// All strings, each a copy; U+FFFD replaces what is not UTF-8.
  public func decoded() -> [String] { map(string(in:)) }

  public struct Iterator: IteratorProtocol {
    let file: MappedFile
    var offset: Int
    var remaining: Int

    public mutating func next() -> Range<Int>? {
      guard remaining > 0, let length = file.integer(UInt64.self, at: offset) else { return nil }
      let start = offset + 8
      remaining -= 1
      offset = start + Int(length)
      return start..<offset
    }
  }
}
