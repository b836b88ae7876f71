// How weights lie in memory once they are loaded: panels of 16 rows, interleaved for the
// processor's vector lanes. One layout serves every instruction set.

/// The number of weight rows in a panel; a panel's last rows are zero where the matrix ends.
public let panelRowCount = 16

/// The number of columns of a block of activations, and of most weights that share a scale.
public let blockElementCount = 32

/// A weight layout. A case is named for the GGML type that it holds; `scaledBytes` holds all others.
/// Values are those of the type exactly.
///
/// A panel is a run of blocks in order of columns. A block of an integer layout is, in this
/// order (16 = rows of the panel, all little-endian):
///
/// | layout | columns | contents |
/// |---|---|---|
/// | Q4_0 | 32 | d f16[16], nibbles u32[4][16] |
/// | Q4_1 | 32 | d f16[16], m f16[16], nibbles u32[4][16] |
/// | Q5_0 | 32 | d f16[16], nibbles u32[4][16], fifth bits u64[8] |
/// | Q5_1 | 32 | d f16[16], m f16[16], nibbles u32[4][16], fifth bits u64[8] |
/// | Q8_0 | 32 | d f16[16], bytes u32[8][16], each value + 128 |
/// | IQ4_NL | 32 | as Q4_0, nibbles choose from `WeightValues.iq4` |
/// | MXFP4 | 32 | exponent u8[16], nibbles u32[4][16], which choose from `WeightValues.fp4` |
/// | scaledBytes | 32 | scale f32[2][16], bytes u32[8][16], each value + 128 |
/// | Q2_K | 256 | d f16[16], dmin f16[16], then 8 × (scale and min u8[2][16], pairs u32[2][16]) |
/// | Q3_K | 256 | d f16[16], then 8 × (scale i8[2][16], pairs u32[2][16], third bits u64[8]) |
/// | Q4_K | 256 | d f16[16], dmin f16[16], then 8 × (scale u8[16], min u8[16], nibbles u32[4][16]) |
/// | Q5_K | 256 | as Q4_K, each of the 8 followed by fifth bits u64[8] |
/// | Q6_K | 256 | d f16[16], then 8 × (scale i8[2][16], nibbles u32[4][16], upper bits u32[2][16]) |
/// | IQ4_XS | 256 | d f16[16], then 8 × (scale i8[16], nibbles u32[4][16]), values as IQ4_NL |
/// | F32, F16, BF16 | 1 | value[16] |
///
/// A group is four columns of a 32-column block: what one `vpdpbusd` lane takes. In `nibbles`
/// word `i` holds group `i` in its low and group `i + 4` in its high nibbles. Bit `4 r + c` of
/// word `g` of third or fifth bits belongs to row `r`, column `c` of group `g`. Bits `2 s` and
/// `2 s + 1` of each byte of word `j` of pairs or upper bits belong to group `4 j + s`. Where a part
/// of 32 columns has two scales, the first is that of its first 16 columns.
public enum PackedFormat: UInt8, Sendable, CaseIterable {
  case Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, IQ4_NL, MXFP4, scaledBytes
  case Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_XS
  case F32, F16, BF16

  /// Columns of one block.
  public var blockColumnCount: Int {
    switch self {
    case .Q4_0, .Q4_1, .Q5_0, .Q5_1, .Q8_0, .IQ4_NL, .MXFP4, .scaledBytes: 32
    case .Q2_K, .Q3_K, .Q4_K, .Q5_K, .Q6_K, .IQ4_XS: 256
    case .F32, .F16, .BF16: 1
    }
  }

  /// Bytes of one block of a panel (16 rows).
  public var blockBytes: Int {
    switch self {
    case .Q4_0, .IQ4_NL: 32 + 256
    case .Q4_1: 64 + 256
    case .Q5_0: 32 + 256 + 64
    case .Q5_1: 64 + 256 + 64
    case .Q8_0: 32 + 512
    case .MXFP4: 16 + 256
    case .scaledBytes: 128 + 512
    case .Q2_K: 64 + 8 * (32 + 128)
    case .Q3_K: 32 + 8 * (32 + 128 + 64)
    case .Q4_K: 64 + 8 * (32 + 256)
    case .Q5_K: 64 + 8 * (32 + 256 + 64)
    case .Q6_K: 32 + 8 * (32 + 256 + 128)
    case .IQ4_XS: 32 + 8 * (16 + 256)
    case .F32: 64
    case .F16, .BF16: 32
    }
  }

  /// Columns that share a scale of the weights; 1 where they have none.
  public var scaleColumnCount: Int {
    switch self {
    case .Q4_0, .Q4_1, .Q5_0, .Q5_1, .Q8_0, .IQ4_NL, .MXFP4, .Q4_K, .Q5_K, .IQ4_XS: 32
    case .scaledBytes, .Q2_K, .Q3_K, .Q6_K: 16
    case .F32, .F16, .BF16: 1
    }
  }

  /// How products want activations quantised (`ActivationBlock`); nil where they take floats. Those
  /// that want a scale for each block take a wider one too.
  public var activationScaling: ActivationScaling? {
    switch self {
    case .Q4_0, .Q4_1, .Q5_0, .Q5_1, .Q8_0, .IQ4_NL, .MXFP4, .scaledBytes: .block
    case .Q2_K, .Q3_K, .Q4_K, .Q5_K, .Q6_K, .IQ4_XS: .fourBlocks
    case .F32, .F16, .BF16: nil
    }
  }

  /// Whether products take quantised activations rather than floats.
  public var takesQuantisedActivations: Bool { activationScaling != nil }
}
