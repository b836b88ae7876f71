// The raw data of a tensor.

extension GGUFTensor {
  /// The data: rows of whole blocks without gaps, aligned to 8 bytes at least. Valid while this value
  /// or the file it came from lives.
  public var bytes: UnsafeRawBufferPointer { file.bytes(in: range) }
}
