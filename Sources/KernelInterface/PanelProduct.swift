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
  /// The first token's activations: blocks where the format takes quantised ones, else floats.
  public var activations: UnsafeRawPointer
  /// How tokens lie behind it.
  public var layout: Layout
  public var tokenCount: Int
  /// `[tokens, outputStride]`; 16 values are written for each panel.
  public var output: UnsafeMutablePointer<Float>
  public var outputStride: Int

  /// How the activations of several tokens lie in memory.
  public enum Layout {
    /// Rows of floats, so many bytes apart.
    case floats(stride: Int)
    /// `ActivationBlock`s; the first token is the first of a group.
    case blocks(ActivationLayout)
  }

  public init(
    format: PackedFormat, panels: UnsafeRawPointer, panelBytes: Int, panelCount: Int, columns: Int,
    activations: UnsafeRawPointer, layout: Layout, tokenCount: Int,
    output: UnsafeMutablePointer<Float>, outputStride: Int
  ) {
    self.format = format
    self.panels = panels
    self.panelBytes = panelBytes
    self.panelCount = panelCount
    self.columns = columns
    self.activations = activations
    self.layout = layout
    self.tokenCount = tokenCount
    self.output = output
    self.outputStride = outputStride
  }
}
