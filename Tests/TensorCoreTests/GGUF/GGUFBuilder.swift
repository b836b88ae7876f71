// Making GGUF files for tests, well-formed or not.

import FoundationEssentials
import TensorCore

/// Writes the bytes of a GGUF file piece by piece; the caller decides what is right about them.
struct GGUFBuilder {
  var magic = Array("GGUF".utf8)
  var version: UInt32 = 3
  /// The announced numbers, where they shall differ from the true ones.
  var announcedPairs: UInt64?
  var announcedTensors: UInt64?
  var alignment = 32

  private var pairs: [[UInt8]] = []
  private var tensors: [[UInt8]] = []
  private var data: [UInt8] = []

  /// A pair whose value is given as bytes.
  mutating func add(_ key: String, type: GGUFValueType, raw: [UInt8]) {
    pairs.append(Self.string(key) + Self.bytes(type.rawValue) + raw)
  }

  mutating func add(_ key: String, _ value: String) {
    add(key, type: .string, raw: Self.string(value))
  }

  mutating func add(_ key: String, _ value: UInt32) {
    add(key, type: .uint32, raw: Self.bytes(value))
  }

  /// An array whose elements are given as bytes, one after the other.
  mutating func add(_ key: String, array type: GGUFValueType, _ elements: [[UInt8]]) {
    add(
      key, type: .array,
      raw: Self.bytes(type.rawValue) + Self.bytes(UInt64(elements.count)) + elements.joined())
  }

  /// A tensor of type number `type` with `content` as data, placed after the last one unless an
  /// offset is given.
  mutating func addTensor(
    _ name: String, shape: [UInt64], type: UInt32 = 0, content: [UInt8], offset: UInt64? = nil
  ) {
    data += [UInt8](repeating: 0, count: -data.count & (alignment - 1))
    let shape = Self.bytes(UInt32(shape.count)) + shape.flatMap { Self.bytes($0) }
    let place = offset ?? UInt64(data.count)
    tensors.append(Self.string(name) + shape + Self.bytes(type) + Self.bytes(place))
    data += content
  }

  /// The file's bytes.
  func build() -> [UInt8] {
    var file = magic + Self.bytes(version)
    file += Self.bytes(announcedTensors ?? UInt64(tensors.count))
    file += Self.bytes(announcedPairs ?? UInt64(pairs.count))
    file += pairs.joined()
    file += tensors.joined()
    file += [UInt8](repeating: 0, count: -file.count & (alignment - 1))
    return file + data
  }

  static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init)
  }

  static func string(_ text: String) -> [UInt8] {
    bytes(UInt64(text.utf8.count)) + Array(text.utf8)
  }
}

/// A folder that is removed when the last reference goes.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/apus-gguf-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file and gives its path.
  func write(_ bytes: [UInt8], as name: String = "model.gguf") throws -> String {
    let file = path + "/" + name
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }
}
