// Metadata on its way into a file.

package import KernelInterface

/// A value to write: one of a file that is open, or a new one.
package enum GGUFContent: Sendable {
  /// A scalar or a text, or an array of another file, copied as it lies there.
  case value(GGUFValue)
  /// An array whose elements are all of the type: scalars or texts.
  case list(GGUFValueType, [GGUFValue])

  package static func strings(_ texts: some Sequence<String>) -> GGUFContent {
    .list(.string, texts.map(GGUFValue.string))
  }

  package static func integers(_ numbers: some Sequence<Int32>) -> GGUFContent {
    .list(.int32, numbers.map(GGUFValue.int32))
  }
}

/// What a file will say of a tensor.
package struct GGUFTensorPlan: Sendable {
  package let name: String
  /// One to four extents, the innermost first.
  package let shape: [Int]
  package let format: TensorFormat

  /// - Parameter shape: its first extent is a multiple of the format's block.
  package init(name: String, shape: [Int], format: TensorFormat) {
    self.name = name
    self.shape = shape
    self.format = format
  }

  package var elementCount: Int { shape.reduce(1, *) }
  /// The size of the data.
  package var byteCount: Int {
    guard shape[0] % format.blockElements == 0,
      let bytes = format.rowBytes(elements: elementCount)
    else { preconditionFailure("\(name): \(shape[0]) columns are no whole blocks of \(format)") }
    return bytes
  }
}

/// Bytes of a header, little-endian.
struct GGUFHeader {
  var bytes: [UInt8] = []

  mutating func append<T: FixedWidthInteger>(_ value: T) {
    for shift in stride(from: 0, to: T.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> T(shift)))
    }
  }

  mutating func append(_ text: String) {
    let utf8 = Array(text.utf8)
    append(UInt64(utf8.count))
    bytes += utf8
  }

  mutating func append(_ content: GGUFContent) {
    switch content {
    case .value(.array(let array)):
      append(GGUFValueType.array.rawValue)
      append(array.elementType.rawValue)
      append(UInt64(array.count))
      bytes += array.file.copy(of: array.range)
    case .value(let value):
      append(value.type.rawValue)
      append(scalar: value)
    case .list(let type, let values):
      append(GGUFValueType.array.rawValue)
      append(type.rawValue)
      append(UInt64(values.count))
      for value in values {
        precondition(value.type == type, "a list holds values of one type")
        append(scalar: value)
      }
    }
  }

  private mutating func append(scalar value: GGUFValue) {
    switch value {
    case .uint8(let value): append(value)
    case .int8(let value): append(value)
    case .uint16(let value): append(value)
    case .int16(let value): append(value)
    case .uint32(let value): append(value)
    case .int32(let value): append(value)
    case .uint64(let value): append(value)
    case .int64(let value): append(value)
    case .float32(let value): append(value.bitPattern)
    case .float64(let value): append(value.bitPattern)
    case .bool(let truth): append(truth ? UInt8(1) : 0)
    case .string(let text): append(text)
    case .array: preconditionFailure("arrays hold no arrays")
    }
  }
}

extension GGUFValue {
  /// The type's number in the file.
  var type: GGUFValueType {
    switch self {
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .uint32: .uint32
    case .int32: .int32
    case .float32: .float32
    case .bool: .bool
    case .string: .string
    case .array: .array
    case .uint64: .uint64
    case .int64: .int64
    case .float64: .float64
    }
  }
}
