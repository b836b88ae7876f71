// The functions that an instruction set provides. Calls are coarse: a run of panels, a row.

/// One instruction set's kernels, picked once at start.
///
/// Every kernel adds in one fixed order that does not depend on how many tokens or panels a call
/// covers, so a result has the same bits however the work was cut up.
public struct KernelTable: Sendable {
  /// The name of the instruction set, as `APUS_ISA` spells it.
  public let name: String

  /// Packs one panel of weights whose format has a layout of its own, all but `scaledBytes`. Every
  /// instruction set writes the same bytes.
  public let pack: @Sendable (_ call: PackingCall) -> Void

  /// Quantises a row: one `ActivationBlock` for each 32 of `columns` values, `blockStride` bytes
  /// apart. Columns are a multiple of those that share a scale.
  public let quantise:
    @Sendable (
      _ input: UnsafePointer<Float>, _ columns: Int, _ scaling: ActivationScaling,
      _ output: UnsafeMutableRawPointer, _ blockStride: Int
    ) -> Void

  /// Multiplies panels of weights with activations.
  public let product: @Sendable (_ call: PanelProduct) -> Void

  /// From how many tokens on quantised weights are unpacked once for all tokens of a call, and what
  /// a call should cover then; nil where they never are.
  public let manyTokens: ManyTokens?

  /// Attention of query rows that share one key-value head.
  public let attention: @Sendable (_ call: AttentionCall) -> Void

  /// The result of a row whose states after `spanCount` spans, at least 1, begin at `states`, so many
  /// floats apart (`attentionStateCount`). The first state is used up. `sink` is the row's, or nil.
  public let combine:
    @Sendable (
      _ shape: CacheShape, _ states: UnsafeMutablePointer<Float>, _ spanCount: Int,
      _ distance: Int, _ sink: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>
    ) -> Void

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

  /// One token of the gated delta rule.
  public let deltaRule: @Sendable (_ call: DeltaCall) -> Void

  /// One token of a state space model with one decay for a head.
  public let stateSpace: @Sendable (_ call: StateSpaceCall) -> Void

  public init(
    name: String,
    pack: @escaping @Sendable (PackingCall) -> Void,
    quantise:
      @escaping @Sendable (
        UnsafePointer<Float>, Int, ActivationScaling, UnsafeMutableRawPointer, Int
      ) -> Void,
    product: @escaping @Sendable (PanelProduct) -> Void,
    manyTokens: ManyTokens? = nil,
    attention: @escaping @Sendable (AttentionCall) -> Void,
    combine:
      @escaping @Sendable (
        CacheShape, UnsafeMutablePointer<Float>, Int, Int, UnsafePointer<Float>?,
        UnsafeMutablePointer<Float>
      ) -> Void,
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
      ) -> Void,
    deltaRule: @escaping @Sendable (DeltaCall) -> Void,
    stateSpace: @escaping @Sendable (StateSpaceCall) -> Void
  ) {
    self.name = name
    self.pack = pack
    self.quantise = quantise
    self.product = product
    self.manyTokens = manyTokens
    self.attention = attention
    self.combine = combine
    self.append = append
    self.rmsNorm = rmsNorm
    self.gatedActivation = gatedActivation
    self.deltaRule = deltaRule
    self.stateSpace = stateSpace
  }
}

/// Calls of a kernel that unpacks weights once for many tokens.
public struct ManyTokens: Sendable {
  /// Tokens from which on it does.
  public let least: Int
  /// Tokens of a call: a run of their columns stays in the second-level cache.
  public let most: Int
  /// Panels of a call, an even number: so do their sums.
  public let panelCount: Int

  public init(least: Int, most: Int, panelCount: Int) {
    self.least = least
    self.most = most
    self.panelCount = panelCount
  }
}

/// The function between a gate and its product with the up projection.
public enum Activation: UInt8, Sendable {
  /// x / (1 + exp(-x)).
  case silu
  /// The tanh form of GELU: x/2 × (1 + tanh(√(2/π) (x + 0.044715 x³))).
  case geluTanh
  /// x/2 × (1 + erf(x/√2)) (GELU, Hendrycks and Gimpel 2016), within 3e-7 × |x|.
  case gelu
  /// min(x, 7) / (1 + exp(-1.702 min(x, 7))); what it is multiplied with is held to ±7 and grows by 1
  /// (gpt-oss, OpenAI 2025).
  case clampedSwish
  /// max(x, 0).
  case relu
}
