// The raw data of a tensor.

extension GGUFTensor {
  /// The data: rows of whole blocks without gaps, aligned to 8 bytes at least. Valid while this value
  /// or the file it came from lives.
  public var bytes: UnsafeRawBufferPointer { file.bytes(in: range) }

  /// Copies a part of the data to `target`, without mapping it.
  func copy(_ part: Range<Int>, to target: UnsafeMutableRawPointer) {
    file.copy(place(of: part), to: target)
  }

  /// Gives the whole pages of a part of the data back to the system; they can be read again.
  func release(_ part: Range<Int>) { file.release(place(of: part)) }

  private func place(of part: Range<Int>) -> Range<Int> {
    range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound
  }
}
