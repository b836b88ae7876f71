// A product of packed weights with activations: what a kernel is called with.

/// `output[t, 16 p + r] = Σ_c weight[p, r, c] × activation[t, c]` for a run of panels.
public struct PanelProduct {
  public var format: PackedFormat
  /// The first panel.
  public var panels: UnsafeRawPointer
  public var panelBytes: Int
  public var panelCount: Int
  /// Columns, a multiple of the format's block.
  public var columns: Int
  /// Rows of `ActivationBlock` where the format takes quantised activations, else of floats.
  public var activations: UnsafeRawPointer
  /// Bytes from one token's activations to the next.
  public var activationStride: Int
  public var tokenCount: Int
  /// `[tokens, outputStride]`; 16 values are written for each panel.
  public var output: UnsafeMutablePointer<Float>
  public var outputStride: Int

  public init(
    format: PackedFormat, panels: UnsafeRawPointer, panelBytes: Int, panelCount: Int, columns: Int,
    activations: UnsafeRawPointer, activationStride: Int, tokenCount: Int,
    output: UnsafeMutablePointer<Float>, outputStride: Int
  ) {
    self.format = format
    self.panels = panels
    self.panelBytes = panelBytes
    self.panelCount = panelCount
    self.columns = columns
    self.activations = activations
    self.activationStride = activationStride
    self.tokenCount = tokenCount
    self.output = output
    self.outputStride = outputStride
  }
}
