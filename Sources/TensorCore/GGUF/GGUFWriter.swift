// Writing GGUF files: metadata first, then tensors as they are made.

/// A GGUF file (version 3) under way.
///
/// What the file will hold is said at the beginning; the tensors' data follows in that order, in
/// parts of any size. Nothing is at the path before ``finish()``.
package final class GGUFWriter {
  /// Bytes of the whole file.
  package let totalBytes: Int
  let file: OutputFile
  private let alignment: Int
  private let sizes: [Int]
  /// The tensor whose data comes next, and how much of it has come.
  private var index = 0
  private var bytesOfTensor = 0

  /// Writes everything but the data.
  ///
  /// - Parameters:
  ///   - metadata: pairs in order, each key once. `general.alignment`, where it is among them, is a
  ///     power of two from 8 on; 32 else.
  ///   - tensors: each name once, of 1 to 63 bytes.
  package init(
    path: String, metadata: [(key: String, value: GGUFContent)], tensors: [GGUFTensorPlan]
  ) throws(GGUFError) {
    var alignment = 32
    if case .value(let value)? = metadata.first(where: { $0.key == "general.alignment" })?.value {
      alignment = value.integer ?? 0
    }
    precondition(
      alignment >= 8 && alignment.nonzeroBitCount == 1, "the alignment is a power of two from 8 on")
    precondition(Set(metadata.map(\.key)).count == metadata.count, "a key stands there twice")
    precondition(Set(tensors.map(\.name)).count == tensors.count, "a tensor stands there twice")
    var header = GGUFHeader()
    header.bytes += "GGUF".utf8
    header.append(UInt32(3))
    header.append(UInt64(tensors.count))
    header.append(UInt64(metadata.count))
    for (key, value) in metadata {
      header.append(key)
      header.append(value)
    }
    var offset = 0
    for tensor in tensors {
      precondition(
        (1...GGUFReader.maximumNameBytes).contains(tensor.name.utf8.count),
        "names have 1 to \(GGUFReader.maximumNameBytes) bytes")
      header.append(tensor.name)
      header.append(UInt32(tensor.shape.count))
      for extent in tensor.shape { header.append(UInt64(extent)) }
      header.append(tensor.format.rawValue)
      header.append(UInt64(offset))
      offset += (tensor.byteCount + alignment - 1) / alignment * alignment
    }
    while header.bytes.count % alignment != 0 { header.bytes.append(0) }
    self.alignment = alignment
    sizes = tensors.map(\.byteCount)
    totalBytes = header.bytes.count + offset
    do throws(FileError) {
      file = try OutputFile(path: path)
      try file.write(header.bytes)
    } catch { throw GGUFError(error) }
  }

  /// Where the bytes are until ``finish()``.
  package var temporaryPath: String { file.temporaryPath }
  /// Bytes written so far.
  package var byteCount: Int { file.byteCount }

  /// Counts data of the next tensor; true when that is all of it.
  func advance(by bytes: Int) -> Bool {
    precondition(
      index < sizes.count && bytesOfTensor + bytes <= sizes[index],
      "the data is longer than the tensor")
    bytesOfTensor += bytes
    return bytesOfTensor == sizes[index]
  }

  /// The zeros after a tensor that is complete.
  func padding() -> [UInt8] {
    defer {
      index += 1
      bytesOfTensor = 0
    }
    return [UInt8](repeating: 0, count: (alignment - bytesOfTensor % alignment) % alignment)
  }

  /// Puts the file in place. All tensors must have been written.
  package func finish() throws(GGUFError) {
    precondition(index == sizes.count, "the data of a tensor is missing")
    do { try file.commit() } catch { throw GGUFError(error) }
  }
}
