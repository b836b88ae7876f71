// Reads a file of whisper.cpp's from front to back; every size is checked before it is used.

import KernelInterface
import TensorCore

/// A place in a mapped file.
struct SpeechFileReader {
  private let file: MappedFile
  private var offset = 0

  init(_ file: MappedFile) { self.file = file }

  var path: String { file.path }

  var isAtEnd: Bool { offset == file.byteCount }

  /// The next 32-bit number.
  ///
  /// - Parameter part: what an error says that the file ends in.
  mutating func integer(_ part: String) throws(ModelError) -> Int {
    guard let value = file.integer(Int32.self, at: offset) else { throw cut(part) }
    offset += 4
    return Int(value)
  }

  /// The next `count` bytes.
  mutating func bytes(_ count: Int, _ part: String) throws(ModelError) -> [UInt8] {
    file.copy(of: try take(count, part))
  }

  /// The next `count` floats.
  mutating func floats(_ count: Int, _ part: String) throws(ModelError) -> [Float] {
    let range = try take(4 * count, part)
    return file.elements(UInt32.self, in: range) { Float(bitPattern: $0) } ?? []
  }

  /// The tensor whose data comes next.
  mutating func tensor(
    _ name: String, shape: [Int], type: Int
  ) throws(ModelError) -> GGUFTensor {
    let format = UInt32(exactly: type).flatMap(TensorFormat.init)
    guard let format, format.holdsWeights else {
      throw ModelError(
        .unsupported,
        "\(path): the tensor \(GGUFError.quoted(name)) has the type \(type), which is not known")
    }
    var count = 1
    for extent in shape {
      let (product, overflows) = count.multipliedReportingOverflow(by: extent)
      guard extent > 0, !overflows, product <= 1 << 40 else {
        throw ModelError(
          .wrongShape, "\(path): the tensor \(GGUFError.quoted(name)) has the shape \(shape)")
      }
      count = product
    }
    guard shape[0] % format.blockElements == 0 else {
      throw ModelError(
        .wrongShape,
        "\(path): the tensor \(GGUFError.quoted(name)) has rows of \(shape[0]), no multiple of "
          + "\(format.blockElements), the block of \(format.name)")
    }
    let range = try take(
      count / format.blockElements * format.blockBytes, "the tensor \(GGUFError.quoted(name))")
    return GGUFTensor(
      name: name, shape: shape, format: format, elementCount: count, range: range, file: file)
  }

  private mutating func take(_ count: Int, _ part: String) throws(ModelError) -> Range<Int> {
    guard file.contains(offset, count: count) else { throw cut(part) }
    defer { offset += count }
    return offset..<offset + count
  }

  private func cut(_ part: String) -> ModelError {
    ModelError(
      .badMetadata,
      "\(path): ends inside of \(part), after \(file.byteCount) bytes: download it again")
  }
}
