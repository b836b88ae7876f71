// Rotary position embeddings (Su et al. 2021) with the context extensions that GGUF files name.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How a model turns positions into angles.
package struct RotaryEmbedding: Sendable {
  /// Which dimensions turn together.
  package enum Pairing: Sendable {
    /// Dimensions 2 i and 2 i + 1.
    case adjacent
    /// Dimensions i and i + count / 2 (GPT-NeoX).
    case halves
  }

  /// YaRN's parameters (Peng et al. 2023).
  package struct YaRN: Sendable {
    package var factor: Float
    package var originalContextLength: Int
    package var betaFast: Float = 32
    package var betaSlow: Float = 1
    /// How much of the factor that YaRN has on sine and cosine the model goes without: 0 for nothing
    /// (DeepSeek 2024).
    package var logMultiplier: Float = 0

    package init(factor: Float, originalContextLength: Int) {
      self.factor = factor
      self.originalContextLength = originalContextLength
    }
  }

  package let pairing: Pairing
  /// Dimensions that turn, even; the rest of a head stays as it is.
  package let dimensionCount: Int
  /// Angle per position of each pair, `[dimensionCount / 2]`.
  private let frequencies: [Float]
  /// Factor on sine and cosine.
  private let magnitude: Float

  /// - Parameters:
  ///   - base: θ; pair `i` turns by `θ^(-2 i / dimensionCount)` a position.
  ///   - linearFactor: positions are divided by it (linear scaling); 1 for none.
  ///   - divisors: the file's own divisor for each pair (`rope_freqs`), as Llama 3 uses them.
  ///   - attentionFactor: a factor on what turns, beside YaRN's own.
  package init(
    pairing: Pairing, dimensionCount: Int, base: Float, linearFactor: Float = 1,
    yarn: YaRN? = nil, divisors: Vector? = nil, attentionFactor: Float = 1
  ) {
    self.pairing = pairing
    self.dimensionCount = dimensionCount
    let pairs = dimensionCount / 2
    let step = powf(base, -2 / Float(dimensionCount))
    var frequencies: [Float] = []
    frequencies.reserveCapacity(pairs)
    for pair in 0..<pairs {
      let plain = powf(step, Float(pair)) / (divisors.map { $0.values[pair] } ?? 1)
      frequencies.append(plain / linearFactor)
    }
    var magnitude = attentionFactor
    if let yarn {
      let length = Float(yarn.originalContextLength)
      // The pair that turns `beta` times within the original context.
      func pair(turning beta: Float) -> Float {
        Float(dimensionCount) * logf(length / (beta * 2 * .pi)) / (2 * logf(base))
      }
      let low = max(0, pair(turning: yarn.betaFast).rounded(.down))
      let high = min(Float(dimensionCount - 1), pair(turning: yarn.betaSlow).rounded(.up))
      for pair in 0..<pairs {
        let ramp = (Float(pair) - low) / max(0.001, high - low)
        let kept = 1 - min(1, max(0, ramp))
        let plain = frequencies[pair]
        frequencies[pair] = plain / yarn.factor * (1 - kept) + plain * kept
      }
      let growth = 0.1 * logf(yarn.factor)
      magnitude *= (1 + growth) / (1 + yarn.logMultiplier * growth)
    }
    self.frequencies = frequencies
    self.magnitude = magnitude
  }

  /// Writes cosines `[dimensionCount / 2]` and then sines `[dimensionCount / 2]` of a position.
  package func writeAngles(at position: Int, to rows: FloatRows, row: Int) {
    let output = rows.row(row)
    let pairs = dimensionCount / 2
    for pair in 0..<pairs {
      let angle = Float(position) * frequencies[pair]
      output[pair] = cosf(angle) * magnitude
      output[pairs + pair] = sinf(angle) * magnitude
    }
  }

  /// Turns one head `[dimensionCount...]` in place by the angles of its position.
  func rotate(_ head: UnsafeMutablePointer<Float>, angles: UnsafePointer<Float>) {
    let pairs = dimensionCount / 2
    switch pairing {
    case .adjacent:
      for pair in 0..<pairs {
        let (x, y) = (head[2 * pair], head[2 * pair + 1])
        let (c, s) = (angles[pair], angles[pairs + pair])
        head[2 * pair] = x * c - y * s
        head[2 * pair + 1] = x * s + y * c
      }
    case .halves:
      for pair in 0..<pairs {
        let (x, y) = (head[pair], head[pairs + pair])
        let (c, s) = (angles[pair], angles[pairs + pair])
        head[pair] = x * c - y * s
        head[pairs + pair] = x * s + y * c
      }
    }
  }
}
