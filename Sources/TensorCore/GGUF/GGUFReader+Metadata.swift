// Reading the key-value pairs.

extension GGUFReader {
  /// The shortest pair: a key of one byte, a type, a value of one byte.
  private static let minimumPairBytes = 8 + 1 + 4 + 1
  /// The longest key that the specification allows.
  private static let maximumKeyBytes = 65_535

  /// The next `pairCount` pairs.
  mutating func metadata(pairCount: UInt64) throws(GGUFError) -> GGUFMetadata {
    let count = try checked(
      count: pairCount, of: "metadata pairs", minimumBytes: Self.minimumPairBytes)
    var metadata = GGUFMetadata(path: path)
    for index in 0..<count {
      let key = try key(index: index)
      let value = try value(of: key)
      guard metadata.add(key, value) else {
        throw damage("holds metadata \(GGUFError.quoted(key)) twice")
      }
    }
    return metadata
  }

  private mutating func key(index: Int) throws(GGUFError) -> String {
    let range = try stringRange("key \(index) of the metadata")
    guard !range.isEmpty, range.count <= Self.maximumKeyBytes else {
      throw damage(
        "key \(index) of the metadata has \(range.count) bytes instead of 1 to "
          + "\(Self.maximumKeyBytes)")
    }
    guard let key = file.validText(in: range) else {
      throw damage("key \(index) of the metadata is not UTF-8")
    }
    return key
  }

  private mutating func value(of key: String) throws(GGUFError) -> GGUFValue {
    let what = "metadata \(GGUFError.quoted(key))"
    let type = try valueType(what, "value type")
    switch type {
    case .string: return .string(file.text(in: try stringRange(what)))
    case .array: return .array(try array(what))
    default:
      guard file.contains(offset, count: type.byteCount!) else {
        throw truncation(in: what, needing: UInt64(type.byteCount!))
      }
      guard let value = file.scalar(type, at: offset) else {
        throw damage("\(what) is a bool that is neither 0 nor 1")
      }
      offset += type.byteCount!
      return value
    }
  }

  private mutating func array(_ what: String) throws(GGUFError) -> GGUFArray {
    let type = try valueType(what, "elements of type")
    let announced: UInt64 = try integer(what)
    guard type != .array else {
      throw GGUFError(
        .metadata, path: path,
        "\(what) is an array of arrays, which is not supported; convert the model without it")
    }
    // A string is its length at least.
    let count = try checked(
      count: announced, of: "elements of \(what)", minimumBytes: type.byteCount ?? 8)
    let start = offset
    if let size = type.byteCount {
      offset += count * size
    } else if let end = file.endOfStrings(count: count, from: start) {
      offset = end
    } else {
      throw GGUFError(
        .truncated, path: path,
        "is damaged or incomplete: the \(count) strings of \(what) go beyond the file's "
          + "\(file.byteCount) bytes; download it again")
    }
    let array = GGUFArray(elementType: type, count: count, range: start..<offset, file: file)
    if type == .bool, !file.holdsOnlyBools(in: array.range) {
      throw damage("\(what) holds a bool that is neither 0 nor 1")
    }
    return array
  }

  private mutating func valueType(
    _ what: String, _ role: String
  ) throws(GGUFError) -> GGUFValueType {
    let number: UInt32 = try integer(what)
    guard let type = GGUFValueType(rawValue: number) else {
      throw damage("\(what) has \(role) \(number), but only 0 to 12 exist")
    }
    return type
  }

  /// The error for metadata that breaks the rules of the format.
  private func damage(_ what: String) -> GGUFError {
    GGUFError(.metadata, path: path, "\(what); the file is damaged: download it again")
  }
}

extension MappedFile {
  /// The value of a type of fixed size at `offset`; nil outside of the file, for a bool that is
  /// neither 0 nor 1, and for strings and arrays.
  func scalar(_ type: GGUFValueType, at offset: Int) -> GGUFValue? {
    switch type {
    case .uint8: integer(at: offset).map(GGUFValue.uint8)
    case .int8: integer(at: offset).map(GGUFValue.int8)
    case .uint16: integer(at: offset).map(GGUFValue.uint16)
    case .int16: integer(at: offset).map(GGUFValue.int16)
    case .uint32: integer(at: offset).map(GGUFValue.uint32)
    case .int32: integer(at: offset).map(GGUFValue.int32)
    case .uint64: integer(at: offset).map(GGUFValue.uint64)
    case .int64: integer(at: offset).map(GGUFValue.int64)
    case .float32: integer(UInt32.self, at: offset).map { .float32(Float(bitPattern: $0)) }
    case .float64: integer(UInt64.self, at: offset).map { .float64(Double(bitPattern: $0)) }
    case .bool:
      switch integer(UInt8.self, at: offset) {
      case 0: .bool(false)
      case 1: .bool(true)
      default: nil
      }
    case .string, .array: nil
    }
  }
}
