// The few functions of analysis that filters are made of.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

func cosine(_ x: Double) -> Double { cos(x) }
func sine(_ x: Double) -> Double { sin(x) }
func tangent(_ x: Double) -> Double { tan(x) }

/// `base` to the power of `exponent`.
func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

/// The modified Bessel function of the first kind and order 0, by its series.
func besselI0(_ x: Double) -> Double {
  let square = x * x / 4
  var sum = 1.0
  var term = 1.0
  var n = 1.0
  while term > sum * 1e-12 {
    term *= square / (n * n)
    sum += term
    n += 1
  }
  return sum
}
