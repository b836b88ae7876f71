// The table of the plain path, which every processor runs.

public import KernelInterface

/// The kernels without special instructions.
public let portableKernels = KernelTable(
  name: "portable",
  pack: pack,
  quantise: quantise,
  product: product,
  attention: attention,
  combine: combine,
  append: append,
  rmsNorm: rmsNorm,
  gatedActivation: gatedActivation,
  deltaRule: deltaRule,
  stateSpace: stateSpace)
