// The table of this instruction set: AVX-512 F, BW, DQ, VL and VNNI.

public import KernelInterface

#if arch(x86_64) && !os(macOS)
  /// The kernels for processors with AVX-512 and VNNI (Cascade Lake, Ice Lake, Zen 4 and later).
  public let avx512Kernels: KernelTable? = KernelTable(
    name: "avx512",
    pack: pack,
    quantise: quantise,
    product: product,
    manyTokens: unpackingCalls,
    attention: attention,
    combine: combine,
    append: append,
    rmsNorm: rmsNorm,
    gatedActivation: gatedActivation,
    deltaRule: deltaRule,
    stateSpace: stateSpace)
#else
  /// Absent on this architecture.
  public let avx512Kernels: KernelTable? = nil
#endif
