// The raw data of tensors on its way into a file.

extension GGUFWriter {
  /// Appends data of the next tensor, at most what is missing of it.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(GGUFError) {
    let isComplete = advance(by: bytes.count)
    do throws(FileError) {
      try file.write(bytes)
      if isComplete { try file.write(padding()) }
    } catch { throw GGUFError(error) }
  }
}
