// Which layout the weights of each stored format take in memory.

extension TensorFormat {
  /// The layout that holds weights of this format; nil for one that holds none.
  public var layout: PackedFormat? {
    switch self {
    case .F32: .F32
    case .F16: .F16
    case .BF16: .BF16
    case .Q4_0: .Q4_0
    case .Q4_1: .Q4_1
    case .Q5_0: .Q5_0
    case .Q5_1: .Q5_1
    case .Q8_0: .Q8_0
    case .Q2_K: .Q2_K
    case .Q3_K: .Q3_K
    case .Q4_K: .Q4_K
    case .Q5_K: .Q5_K
    case .Q6_K: .Q6_K
    case .IQ4_NL: .IQ4_NL
    case .IQ4_XS: .IQ4_XS
    case .MXFP4: .MXFP4
    case .IQ1_S, .IQ1_M, .IQ2_XXS, .IQ2_XS, .IQ2_S, .IQ3_XXS, .IQ3_S, .TQ1_0, .TQ2_0, .NVFP4,
      .Q1_0, .Q2_0:
      .scaledBytes
    case .I8, .I16, .I32, .I64, .F64, .Q8_1, .Q8_K: nil
    }
  }
}
