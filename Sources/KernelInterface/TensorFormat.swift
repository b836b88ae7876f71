// The formats in which GGUF files store tensors: their numbers, names and block sizes.

/// The GGML tensor types of GGUF files, named as GGML spells them; the raw value is GGML's number.
///
/// A row is stored as whole blocks of ``blockElements`` elements, each ``blockBytes`` long.
/// Numbers that are absent here (4, 5, 31 to 33, 36 to 38) were withdrawn by GGML.
/// Source: `ggml_type`, `ggml_type_size` and `ggml_blck_size` of ggml.
public enum TensorFormat: UInt32, Sendable, CaseIterable {
  case F32 = 0
  case F16 = 1
  case Q4_0 = 2
  case Q4_1 = 3
  case Q5_0 = 6
  case Q5_1 = 7
  case Q8_0 = 8
  case Q8_1 = 9
  case Q2_K = 10
  case Q3_K = 11
  case Q4_K = 12
  case Q5_K = 13
  case Q6_K = 14
  case Q8_K = 15
  case IQ2_XXS = 16
  case IQ2_XS = 17
  case IQ3_XXS = 18
  case IQ1_S = 19
  case IQ4_NL = 20
  case IQ3_S = 21
  case IQ2_S = 22
  case IQ4_XS = 23
  case I8 = 24
  case I16 = 25
  case I32 = 26
  case I64 = 27
  case F64 = 28
  case IQ1_M = 29
  case BF16 = 30
  case TQ1_0 = 34
  case TQ2_0 = 35
  case MXFP4 = 39
  case NVFP4 = 40
  case Q1_0 = 41
  case Q2_0 = 42

  /// GGML's spelling, for instance `Q4_K`.
  public var name: String { "\(self)" }

  /// How many elements one block holds; 1 for plain numbers.
  public var blockElements: Int {
    switch self {
    case .F32, .F16, .BF16, .F64, .I8, .I16, .I32, .I64: 1
    case .Q4_0, .Q4_1, .Q5_0, .Q5_1, .Q8_0, .Q8_1, .IQ4_NL, .MXFP4: 32
    case .NVFP4, .Q2_0: 64
    case .Q1_0: 128
    case .Q2_K, .Q3_K, .Q4_K, .Q5_K, .Q6_K, .Q8_K, .IQ1_S, .IQ1_M, .IQ2_XXS, .IQ2_XS, .IQ2_S,
      .IQ3_XXS, .IQ3_S, .IQ4_XS, .TQ1_0, .TQ2_0:
      256
    }
  }

  /// How many bytes one block takes.
  public var blockBytes: Int {
    switch self {
    case .I8: 1
    case .F16, .BF16, .I16: 2
    case .F32, .I32: 4
    case .F64, .I64: 8
    case .MXFP4: 17
    case .Q4_0, .IQ4_NL, .Q1_0, .Q2_0: 18
    case .Q4_1: 20
    case .Q5_0: 22
    case .Q5_1: 24
    case .Q8_0: 34
    case .NVFP4, .Q8_1: 36
    case .IQ1_S: 50
    case .TQ1_0: 54
    case .IQ1_M: 56
    case .IQ2_XXS, .TQ2_0: 66
    case .IQ2_XS: 74
    case .IQ2_S: 82
    case .Q2_K: 84
    case .IQ3_XXS: 98
    case .Q3_K, .IQ3_S: 110
    case .IQ4_XS: 136
    case .Q4_K: 144
    case .Q5_K: 176
    case .Q6_K: 210
    case .Q8_K: 292
    }
  }

  /// Whether weights may be stored in it: no integers, no F64, and not Q8_1 and Q8_K, which hold
  /// activations while they are multiplied.
  public var holdsWeights: Bool {
    switch self {
    case .I8, .I16, .I32, .I64, .F64, .Q8_1, .Q8_K: false
    default: true
    }
  }

  /// The bytes of a row of `elements`, or nil when the row is no whole number of blocks, when
  /// `elements` is negative, and when the product does not fit.
  public func rowBytes(elements: Int) -> Int? {
    guard elements >= 0, elements % blockElements == 0 else { return nil }
    let (bytes, overflow) = (elements / blockElements).multipliedReportingOverflow(by: blockBytes)
    return overflow ? nil : bytes
  }
}
