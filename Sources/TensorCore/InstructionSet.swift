// Which kernels this process runs: found out once, from the processor and from APUS_ISA.

package import KernelInterface
import KernelsAVX2
import KernelsAVX512
import KernelsPortable

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif
#if arch(x86_64)
  import _Builtin_intrinsics.intel.cpuid
#endif

/// The instruction sets that kernels exist for, slowest first.
public enum InstructionSet: String, Sendable, CaseIterable {
  case portable, avx2, avx512

  /// The best one that this processor and its operating system offer.
  public static let detected: InstructionSet = detect()

  /// The one in use: `APUS_ISA` where it names one that the processor has, else the best.
  public static let current: InstructionSet = {
    guard let name = getenv("APUS_ISA").map({ String(cString: $0) }),
      let wanted = InstructionSet(rawValue: name), wanted.isAvailable
    else { return detected }
    return wanted
  }()

  /// What is wrong with `APUS_ISA`, nil when nothing is.
  public static var environmentProblem: String? {
    guard let name = getenv("APUS_ISA").map({ String(cString: $0) }), !name.isEmpty else {
      return nil
    }
    let known = allCases.map(\.rawValue).joined(separator: ", ")
    guard let wanted = InstructionSet(rawValue: name) else {
      return "APUS_ISA is '\(name)', which is none of \(known)"
    }
    return wanted.isAvailable ? nil : "APUS_ISA is '\(name)', which this processor does not have"
  }

  /// Whether this processor can run it.
  public var isAvailable: Bool {
    switch self {
    case .portable: true
    case .avx2: Self.detected != .portable && avx2Kernels != nil
    case .avx512: Self.detected == .avx512 && avx512Kernels != nil
    }
  }

  /// Its functions.
  package var kernels: KernelTable {
    switch self {
    case .portable: portableKernels
    case .avx2: avx2Kernels ?? portableKernels
    case .avx512: avx512Kernels ?? portableKernels
    }
  }

  private static func detect() -> InstructionSet {
    #if arch(x86_64)
      var (a, b, c, d): (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
      guard __get_cpuid_count(1, 0, &a, &b, &c, &d) != 0 else { return .portable }
      let hasStateSaving = c & (1 << 27) != 0  // OSXSAVE
      let hasFMA = c & (1 << 12) != 0
      let hasHalves = c & (1 << 29) != 0  // F16C
      guard hasStateSaving, hasFMA, hasHalves else { return .portable }
      guard __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0,
        b & (1 << 5) != 0, b & (1 << 3) != 0, b & (1 << 8) != 0
      else { return .portable }  // AVX2, BMI1, BMI2
      // F, DQ, BW, VL, VNNI
      let wide: UInt32 = 1 << 16 | 1 << 17 | 1 << 30 | 1 << 31
      let hasWide = b & wide == wide && c & (1 << 11) != 0
      guard savesState(2) else { return .portable }
      return hasWide && savesState(7) ? .avx512 : .avx2
    #else
      return .portable
    #endif
  }

  #if arch(x86_64)
    /// Whether the operating system saves a component of the registers' state: 2 for the 256-bit
    /// registers, 7 for the upper 512-bit ones, of which it saves all or none.
    ///
    /// Leaf 13 tells the bytes of all that is switched on, and for each component where it ends.
    /// Vendors place the components differently.
    private static func savesState(_ component: UInt32) -> Bool {
      var (a, b, c, d): (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
      guard __get_cpuid_count(13, component, &a, &b, &c, &d) != 0, a > 0 else { return false }
      let end = a + b
      guard __get_cpuid_count(13, 0, &a, &b, &c, &d) != 0 else { return false }
      return b >= end
    }
  #endif
}
