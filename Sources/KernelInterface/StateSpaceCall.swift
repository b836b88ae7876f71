// One token of a state space model with one decay for a head (Dao and Gu 2024), in rows of its matrix.

/// `S = fade × S + step × value ⊗ write`, and `output = S · read + skip × value`.
public struct StateSpaceCall {
  /// Rows of `S`, one behind the other, `length` values each.
  public var matrix: UnsafeMutablePointer<Float>
  public var rowCount: Int
  /// Values of a row, a multiple of 8.
  public var length: Int
  /// What of a value goes into its row, `[length]`.
  public var write: UnsafePointer<Float>
  /// What of a row goes into its output, `[length]`.
  public var read: UnsafePointer<Float>
  /// `[rowCount]`.
  public var value: UnsafePointer<Float>
  /// `[rowCount]`.
  public var output: UnsafeMutablePointer<Float>
  /// What of the matrix is left.
  public var fade: Float
  /// The factor on values that are written.
  public var step: Float
  /// What of a value goes past the matrix.
  public var skip: Float

  public init(
    matrix: UnsafeMutablePointer<Float>, rowCount: Int, length: Int, write: UnsafePointer<Float>,
    read: UnsafePointer<Float>, value: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
    fade: Float, step: Float, skip: Float
  ) {
    self.matrix = matrix
    self.rowCount = rowCount
    self.length = length
    self.write = write
    self.read = read
    self.value = value
    self.output = output
    self.fade = fade
    self.step = step
    self.skip = skip
  }
}
