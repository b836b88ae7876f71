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
    case .uint8: file.elements(UInt8.self, in: range) { Int($0) }
    case .int8: file.elements(Int8.self, in: range) { Int($0) }
    case .uint16: file.elements(UInt16.self, in: range) { Int($0) }
    case .int16: file.elements(Int16.self, in: range) { Int($0) }
    case .uint32: file.elements(UInt32.self, in: range) { Int(exactly: $0) }
    case .int32: file.elements(Int32.self, in: range) { Int($0) }
    case .uint64: file.elements(UInt64.self, in: range) { Int(exactly: $0) }
    case .int64: file.elements(Int64.self, in: range) { Int($0) }
    case .float32, .float64, .bool, .string, .array: nil
    }
  }

  /// The elements of any floating-point or integer type as float32; nil for other types.
  public var floats: [Float]? {
    switch elementType {
    case .float32: file.elements(UInt32.self, in: range) { Float(bitPattern: $0) }
    case .float64: file.elements(UInt64.self, in: range) { Float(Double(bitPattern: $0)) }
    default: integers?.map(Float.init)
    }
  }

  /// The elements when they are booleans.
  public var bools: [Bool]? {
    elementType == .bool ? file.elements(UInt8.self, in: range) { $0 == 1 } : nil
  }

  /// The elements when they are strings.
  public var strings: GGUFStringArray? {
    elementType == .string ? GGUFStringArray(self) : nil
  }
}
