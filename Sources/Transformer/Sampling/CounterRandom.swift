// Random numbers that depend on what is drawn and not on what was drawn before.

/// Numbers keyed by (seed, position), so that resuming or speculating cannot shift them; the
/// choices of a request have seeds of their own. The mixing is that of SplitMix64 (Steele, Lea and
/// Flood 2014).
package struct CounterRandom: Sendable {
  package let seed: UInt64

  package init(seed: UInt64) { self.seed = seed }

  /// A number in 0..<1 for the token at `position`; `draw` counts draws of one position.
  package func uniform(position: Int, draw: UInt32 = 0) -> Double {
    let key = UInt64(UInt32(truncatingIfNeeded: position)) << 32 | UInt64(draw)
    let bits = Self.mix(Self.mix(Self.mix(seed)) ^ key)
    return Double(bits >> 11) * 0x1p-53
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
