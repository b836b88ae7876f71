// One panel of weights to pack.

/// 16 stored rows that become one panel.
public struct PackingCall {
  /// The format of the rows, one that has a layout.
  public let format: TensorFormat
  /// The first row; rows stand `rowBytes` apart.
  public let source: UnsafeRawPointer
  public let rowBytes: Int
  /// A multiple of the layout's `blockColumnCount`.
  public let columns: Int
  /// Room for `columns / blockColumnCount × blockBytes` bytes.
  public let panel: UnsafeMutableRawPointer

  public init(
    format: TensorFormat, source: UnsafeRawPointer, rowBytes: Int, columns: Int,
    panel: UnsafeMutableRawPointer
  ) {
    self.format = format
    self.source = source
    self.rowBytes = rowBytes
    self.columns = columns
    self.panel = panel
  }
}
