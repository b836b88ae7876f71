// The table of this instruction set: AVX2, FMA and F16C.

public import KernelInterface

#if arch(x86_64) && !os(macOS)
  /// The kernels for processors with AVX2 (Haswell, Zen and later).
  public let avx2Kernels: KernelTable? = KernelTable(
    name: "avx2",
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
  public let avx2Kernels: KernelTable? = nil
#endif
