// Activations quantised for integer products: one cache line for 32 values.

/// Offsets inside one block of 32 quantised activations, 64 bytes in all.
///
/// A value is `scale × quant`, quant in -127...127 and `scale = max |x| / 127`. The sums let a
/// product take weights as unsigned numbers and correct for their zero point exactly.
public enum ActivationBlock {
  /// Bytes of a block.
  public static let stride = 64
  /// Int8[32].
  public static let quants = 0
  /// Float: the value of one quantum.
  public static let scale = 32
  /// Float: scale × sum of the quants.
  public static let scaledSum = 36
  /// Int32[3]: minus the sum of the quants, times 8, 16 and 128 (the zero points of Q4_0, Q5_0 and
  /// of the bytes of Q8_0). Ready-made, since a shift would take the port that multiplies.
  public static let zeroPoint8 = 40
  public static let zeroPoint16 = 44
  public static let zeroPoint128 = 48
  /// Int32: minus 32 times the sum of the first 16 quants, for Q6_K.
  public static let lowZeroPoint32 = 52
  /// Int32: minus 32 times the sum of the last 16 quants.
  public static let highZeroPoint32 = 56
}
