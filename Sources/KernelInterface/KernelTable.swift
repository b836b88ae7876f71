// The functions that an instruction set provides. Calls are coarse: a run of panels, a row.

/// One instruction set's kernels, picked once at start.
///
/// Every kernel adds in one fixed order that does not depend on how many tokens or panels a call
/// covers, so a result has the same bits however the work was cut up.
public struct KernelTable: Sendable {
  /// The name of the instruction set, as `APUS_ISA` spells it.
  public let name: String

  /// Quantises rows: `input` `[rows, columns]` with `inputStride` floats from row to row;
  /// `output` one `ActivationBlock` for each 32 columns, `columns / 32` of them a row.
  public let quantise:
    @Sendable (
      _ input: UnsafePointer<Float>, _ inputStride: Int, _ rows: Int, _ columns: Int,
      _ output: UnsafeMutableRawPointer
    ) -> Void

  /// Multiplies panels of integer weights with quantised activations.
  public let integerProduct: @Sendable (_ call: IntegerProduct) -> Void

  /// Multiplies panels of float weights with float activations.
  public let floatProduct: @Sendable (_ call: FloatProduct) -> Void

  /// Attention of query rows that share one key-value head.
  public let attention: @Sendable (_ call: AttentionCall) -> Void

  /// Writes one position's key `[keyLength]` and value `[valueLength]` of one head into its cache
  /// block; `slot` is the position within the block.
  public let append:
    @Sendable (
      _ shape: CacheShape, _ key: UnsafePointer<Float>, _ value: UnsafePointer<Float>,
      _ block: UnsafeMutableRawPointer, _ slot: Int
    ) -> Void

  /// `output[i] = input[i] / rms(input) × weight[i]` over `count` values;
  /// `rms = sqrt(mean(x²) + epsilon)`.
  public let rmsNorm:
    @Sendable (
      _ input: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, _ count: Int,
      _ epsilon: Float, _ output: UnsafeMutablePointer<Float>
    ) -> Void

  /// `gate[i] = activation(gate[i]) × up[i]` over `count` values.
  public let gatedActivation:
    @Sendable (
      _ activation: Activation, _ gate: UnsafeMutablePointer<Float>, _ up: UnsafePointer<Float>,
      _ count: Int
    ) -> Void

  public init(
    name: String,
    quantise:
      @escaping @Sendable (UnsafePointer<Float>, Int, Int, Int, UnsafeMutableRawPointer) -> Void,
    integerProduct: @escaping @Sendable (IntegerProduct) -> Void,
    floatProduct: @escaping @Sendable (FloatProduct) -> Void,
    attention: @escaping @Sendable (AttentionCall) -> Void,
    append:
      @escaping @Sendable (
        CacheShape, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutableRawPointer, Int
      ) -> Void,
    rmsNorm:
      @escaping @Sendable (
        UnsafePointer<Float>, UnsafePointer<Float>, Int, Float, UnsafeMutablePointer<Float>
      ) -> Void,
    gatedActivation:
      @escaping @Sendable (
        Activation, UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int
      ) -> Void
  ) {
    self.name = name
    self.quantise = quantise
    self.integerProduct = integerProduct
    self.floatProduct = floatProduct
    self.attention = attention
    self.append = append
    self.rmsNorm = rmsNorm
    self.gatedActivation = gatedActivation
  }
}

/// The function between a gate and its product with the up projection.
public enum Activation: UInt8, Sendable {
  /// x / (1 + exp(-x)).
  case silu
  /// The tanh form of GELU: x/2 × (1 + tanh(√(2/π) (x + 0.044715 x³))).
  case geluTanh
}

/// `output[t, 16 p + r] = Σ_c weight[p, r, c] × activation[t, c]`.
public struct IntegerProduct {
  public var format: PackedFormat
  /// The first panel.
  public var panels: UnsafeRawPointer
  public var panelBytes: Int
  public var panelCount: Int
  /// Columns, a multiple of the format's block.
  public var columns: Int
  /// Rows of `ActivationBlock`.
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

/// As `IntegerProduct`, for `F32`, `F16` and `BF16` panels and float activations.
public struct FloatProduct {
  public var format: PackedFormat
  public var panels: UnsafeRawPointer
  public var panelBytes: Int
  public var panelCount: Int
  public var columns: Int
  /// `[tokens, activationStride]`.
  public var activations: UnsafePointer<Float>
  /// Floats from one token's activations to the next.
  public var activationStride: Int
  public var tokenCount: Int
  public var output: UnsafeMutablePointer<Float>
  public var outputStride: Int

  public init(
    format: PackedFormat, panels: UnsafeRawPointer, panelBytes: Int, panelCount: Int, columns: Int,
    activations: UnsafePointer<Float>, activationStride: Int, tokenCount: Int,
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
