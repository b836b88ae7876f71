// One tensor of a model file.

public import KernelInterface

/// A tensor as it lies in a mapped GGUF file, which it keeps alive.
public struct GGUFTensor: Sendable {
  public let name: String
  /// One to four extents, each at least 1, the innermost first (`ne` in GGML): a matrix of `rows` ×
  /// `columns` in row-major order has the shape `[columns, rows]`.
  public let shape: [Int]
  public let format: TensorFormat
  /// The product of the shape.
  public let elementCount: Int
  /// Where the data lies in `file`; checked when the file was opened.
  package let range: Range<Int>
  /// The mapped file, or the part of a split model, that holds the data.
  package let file: MappedFile

  /// - Parameters:
  ///   - shape: its first extent is a multiple of the format's block.
  ///   - elementCount: the product of the shape.
  ///   - range: so many whole blocks inside of the file; they need not be aligned.
  package init(
    name: String, shape: [Int], format: TensorFormat, elementCount: Int, range: Range<Int>,
    file: MappedFile
  ) {
    self.name = name
    self.shape = shape
    self.format = format
    self.elementCount = elementCount
    self.range = range
    self.file = file
  }

  /// The size of the data.
  public var byteCount: Int { range.count }

  /// Some rows of a matrix as a matrix: rows lie one behind the other.
  package func rows(_ rows: Range<Int>) -> GGUFTensor {
    let rowBytes = byteCount / (elementCount / shape[0])
    let first = range.lowerBound
    return GGUFTensor(
      name: name, shape: [shape[0], rows.count], format: format,
      elementCount: shape[0] * rows.count,
      range: first + rows.lowerBound * rowBytes..<first + rows.upperBound * rowBytes, file: file)
  }
}
