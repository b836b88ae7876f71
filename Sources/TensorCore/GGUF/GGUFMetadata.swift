// The key-value part of a GGUF file, and getters that say what is wrong with a value.

/// The metadata of a GGUF file: keys in file order, each with a value.
///
/// The getters return nil where the key is absent, and throw a ``GGUFError`` that names the key, the
/// expected and the found type where the value is of another type or does not fit. Those whose name
/// begins with `required` throw also where the key is absent.
public struct GGUFMetadata: Sendable {
  /// The keys in file order, each once.
  public private(set) var keys: [String] = []
  private var values: [String: GGUFValue] = [:]
  /// The file, for messages.
  let path: String

  init(path: String) { self.path = path }

  public subscript(key: String) -> GGUFValue? { values[key] }

  /// Adds a pair; false when the key is there already.
  mutating func add(_ key: String, _ value: GGUFValue) -> Bool {
    guard values.updateValue(value, forKey: key) == nil else { return false }
    keys.append(key)
    return true
  }

  // MARK: One value

  /// The text at `key`.
  public func string(_ key: String) throws(GGUFError) -> String? {
    guard let value = values[key] else { return nil }
    guard case .string(let text) = value else { throw mismatch(key, value, "a string") }
    return text
  }

  /// The value at `key` of any integer type.
  public func int(_ key: String) throws(GGUFError) -> Int? {
    guard let value = values[key] else { return nil }
    guard let integer = value.integer else { throw mismatch(key, value, "an integer") }
    return integer
  }

  /// The value at `key` of any number type, rounded to float32; it may be infinite or no number.
  public func float(_ key: String) throws(GGUFError) -> Float? {
    guard let value = values[key] else { return nil }
    guard let float = value.float else { throw mismatch(key, value, "a number") }
    return float
  }

  /// The truth value at `key`.
  public func bool(_ key: String) throws(GGUFError) -> Bool? {
    guard let value = values[key] else { return nil }
    guard case .bool(let truth) = value else { throw mismatch(key, value, "a bool") }
    return truth
  }

  /// The text at `key`, which must be there.
  public func requiredString(_ key: String) throws(GGUFError) -> String {
    guard let value = try string(key) else { throw absence(key) }
    return value
  }

  /// The integer at `key`, which must be there.
  public func requiredInt(_ key: String) throws(GGUFError) -> Int {
    guard let value = try int(key) else { throw absence(key) }
    return value
  }

  /// The number at `key`, which must be there, rounded to float32.
  public func requiredFloat(_ key: String) throws(GGUFError) -> Float {
    guard let value = try float(key) else { throw absence(key) }
    return value
  }

  // MARK: Arrays

  /// The array of strings at `key`, as it lies in the file.
  public func strings(_ key: String) throws(GGUFError) -> GGUFStringArray? {
    guard let value = values[key] else { return nil }
    guard case .array(let array) = value, let strings = array.strings else {
      throw mismatch(key, value, "an array of strings")
    }
    return strings
  }

  /// The integers at `key`: an array's elements, or one scalar as an array of one.
  public func ints(_ key: String) throws(GGUFError) -> [Int]? {
    try numbers(key, "an integer or an array of integers", \.integer, \.integers)
  }

  /// The numbers at `key` as float32: an array's elements, or one scalar as an array of one.
  public func floats(_ key: String) throws(GGUFError) -> [Float]? {
    try numbers(key, "a number or an array of numbers", \.float, \.floats)
  }

  /// The truth values at `key`: an array's elements, or one scalar as an array of one.
  public func bools(_ key: String) throws(GGUFError) -> [Bool]? {
    try numbers(
      key, "a bool or an array of bools",
      { if case .bool(let truth) = $0 { truth } else { nil } }, \.bools)
  }

  /// `count` integers at `key`, one a layer: an array of so many, or a scalar that holds for all.
  ///
  /// `count` must have been checked against the file's tensors, for a scalar is repeated as often.
  public func ints(_ key: String, count: Int) throws(GGUFError) -> [Int]? {
    guard let found = try ints(key) else { return nil }
    return try spread(found, key, count)
  }

  /// `count` truth values at `key`, one a layer; see ``ints(_:count:)``.
  public func bools(_ key: String, count: Int) throws(GGUFError) -> [Bool]? {
    guard let found = try bools(key) else { return nil }
    return try spread(found, key, count)
  }

  /// `count` numbers at `key`, which must be there; see ``ints(_:count:)``.
  public func requiredFloats(_ key: String, count: Int) throws(GGUFError) -> [Float] {
    guard let found = try floats(key) else { throw absence(key) }
    return try spread(found, key, count)
  }

  private func numbers<T>(
    _ key: String, _ expected: String, _ scalar: (GGUFValue) -> T?, _ array: (GGUFArray) -> [T]?
  ) throws(GGUFError) -> [T]? {
    guard let value = values[key] else { return nil }
    let found: [T]? =
      if case .array(let elements) = value { array(elements) } else { scalar(value).map { [$0] } }
    guard let found else { throw mismatch(key, value, expected) }
    return found
  }

  private func spread<T>(_ found: [T], _ key: String, _ count: Int) throws(GGUFError) -> [T] {
    if found.count == count { return found }
    let isArray = if case .array? = values[key] { true } else { false }
    if found.count == 1, !isArray { return Array(repeating: found[0], count: count) }
    throw GGUFError(
      .metadata, path: path,
      "metadata \(GGUFError.quoted(key)) should hold \(count) values, one a layer, but holds "
        + "\(found.count); the file is damaged or was converted wrongly")
  }

  private func mismatch(_ key: String, _ value: GGUFValue, _ expected: String) -> GGUFError {
    var found = value.typeName
    if case .uint64(let number) = value, value.integer == nil {
      found = "\(number), which is above \(Int.max)"
    }
    return GGUFError(
      .metadata, path: path,
      "metadata \(GGUFError.quoted(key)) should be \(expected), but is \(found); "
        + "convert the model again")
  }

  private func absence(_ key: String) -> GGUFError {
    GGUFError(
      .metadata, path: path,
      "metadata \(GGUFError.quoted(key)) is missing; convert the model again")
  }
}
