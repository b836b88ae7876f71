// One token of the gated delta rule (Yang, Kautz and Hatamizadeh 2024) in rows of a head's matrix.

/// `S = fade × S + c ⊗ key` with `c = strength × (value - fade × S · key)`, and
/// `output = scale × (fade × S · query + c × key · query)` by the `S` before.
public struct DeltaCall {
  /// Rows of `S`, one behind the other, `length` values each.
  public var matrix: UnsafeMutablePointer<Float>
  public var rowCount: Int
  /// Values of a row, a multiple of 8.
  public var length: Int
  public var key: UnsafePointer<Float>
  public var query: UnsafePointer<Float>
  /// `[rowCount]`.
  public var value: UnsafePointer<Float>
  /// `[rowCount]`.
  public var output: UnsafeMutablePointer<Float>
  /// What of the matrix is left.
  public var fade: Float
  /// How far what it tells for the key is corrected.
  public var strength: Float
  /// The factor on outputs.
  public var scale: Float

  public init(
    matrix: UnsafeMutablePointer<Float>, rowCount: Int, length: Int, key: UnsafePointer<Float>,
    query: UnsafePointer<Float>, value: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
    fade: Float, strength: Float, scale: Float
  ) {
    self.matrix = matrix
    self.rowCount = rowCount
    self.length = length
    self.key = key
    self.query = query
    self.value = value
    self.output = output
    self.fade = fade
    self.strength = strength
    self.scale = scale
  }
}
