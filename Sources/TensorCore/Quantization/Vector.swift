// Small float parameters: norm weights, biases, rotary factors.

import KernelsPortable

/// A vector of float32 parameters `[count]`.
package struct Vector: Sendable {
  package let count: Int
  private let storage: AlignedBuffer

  /// Valid while this vector lives.
  package var values: UnsafePointer<Float> { UnsafePointer(storage.floats) }

  package subscript(index: Int) -> Float {
    precondition(index >= 0 && index < count, "parameter \(index) of \(count)")
    return withExtendedLifetime(self) { storage.floats[index] }
  }

  package init(zeros count: Int) throws(AllocationError) {
    self.count = count
    storage = try AlignedBuffer(byteCount: count * 4)
  }

  /// A copy of numbers.
  package init(_ values: [Float]) throws(AllocationError) {
    try self.init(zeros: values.count)
    for (index, value) in values.enumerated() { storage.floats[index] = value }
  }

  /// Reads a tensor of any format as floats.
  package init(_ tensor: GGUFTensor) throws(AllocationError) {
    count = tensor.elementCount
    storage = try AlignedBuffer(byteCount: count * 4)
    withUnsafeTemporaryAllocation(byteCount: tensor.byteCount, alignment: 64) { bytes in
      tensor.copy(0..<tensor.byteCount, to: bytes.baseAddress!)
      dequantise(tensor.format, bytes.baseAddress!, count: count, into: storage.floats)
    }
  }
}

/// Rows of floats read from the file of a tensor `[columns, rows]`: token embeddings.
package struct RowTable: Sendable {
  package let rowCount: Int
  package let columnCount: Int
  private let tensor: GGUFTensor
  private let rowBytes: Int

  package init(_ tensor: GGUFTensor) {
    self.tensor = tensor
    columnCount = tensor.shape[0]
    rowCount = tensor.elementCount / tensor.shape[0]
    rowBytes = tensor.byteCount / rowCount
  }

  /// Writes row `index` (0..<rowCount) as `[columnCount]` floats, each multiplied by `scale`.
  ///
  /// - Parameter scratch: room for `[columnCount]` floats, which no stored row exceeds.
  package func read(
    _ index: Int, into output: UnsafeMutablePointer<Float>, scale: Float,
    scratch: UnsafeMutablePointer<Float>
  ) {
    precondition(index >= 0 && index < rowCount, "row \(index) of \(rowCount)")
    tensor.copy(index * rowBytes..<(index + 1) * rowBytes, to: scratch)
    dequantise(tensor.format, scratch, count: columnCount, into: output)
    if scale != 1 {
      for column in 0..<columnCount { output[column] *= scale }
    }
  }
}
