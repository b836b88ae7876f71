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
