// The discrete Fourier transform of 400 samples, several frames at once.

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Power spectra of frames of 400 real samples.
///
/// Each lane of a vector is a transform of its own, of two frames: one is the real part and the
/// other the imaginary part. Steps of radix 5, 5, 4 and 4, self-sorting (Stockham 1966), in double
/// precision.
struct SpectralTransform {
  /// Samples of a frame.
  static let length = 400
  static let binCount = length / 2 + 1
  typealias Lanes = SIMD4<Double>
  /// Frames of a call.
  static let frameCount = 2 * Lanes.scalarCount

  private struct Complex {
    var real: Lanes
    var imaginary: Lanes
  }

  private struct Step {
    let radix: Int
    /// Groups of the step, and values of each.
    let groupCount: Int
    let stride: Int
    /// `[groups, outputs, inputs]`, cosines and sines of what each input is turned by.
    let factors: [(cosine: Double, sine: Double)]
  }

  private let steps: [Step]
  private var values: [Complex]
  private var spare: [Complex]

  init() {
    var (length, stride) = (Self.length, 1)
    steps = [5, 5, 4, 4].map { radix in
      let groups = length / radix
      var factors: [(cosine: Double, sine: Double)] = []
      for group in 0..<groups {
        for output in 0..<radix {
          for input in 0..<radix {
            let turn =
              Double(input * output % radix) / Double(radix)
              + Double(group * output) / Double(length)
            factors.append((cos(2 * .pi * turn), -sin(2 * .pi * turn)))
          }
        }
      }
      defer { (length, stride) = (groups, stride * radix) }
      return Step(radix: radix, groupCount: groups, stride: stride, factors: factors)
    }
    values = Array(
      repeating: Complex(real: .zero, imaginary: .zero), count: Self.length)
    spare = values
  }

  /// `sample(frame, index)` gives the samples; `power(frame, bin, value)` takes `|X|²`.
  mutating func powers(
    sample: (_ frame: Int, _ index: Int) -> Double,
    power: (_ frame: Int, _ bin: Int, _ value: Double) -> Void
  ) {
    for index in 0..<Self.length {
      for lane in 0..<Lanes.scalarCount {
        values[index].real[lane] = sample(2 * lane, index)
        values[index].imaginary[lane] = sample(2 * lane + 1, index)
      }
    }
    for step in steps {
      Self.run(step, values, &spare)
      swap(&values, &spare)
    }
    for bin in 0..<Self.binCount {
      // The parts of two real signals: what is even and what is odd around the middle.
      let (one, other) = (values[bin], values[(Self.length - bin) % Self.length])
      let a = (one.real + other.real) * 0.5
      let b = (one.imaginary - other.imaginary) * 0.5
      let c = (one.imaginary + other.imaginary) * 0.5
      let d = (other.real - one.real) * 0.5
      let (first, second) = (a * a + b * b, c * c + d * d)
      for lane in 0..<Lanes.scalarCount {
        power(2 * lane, bin, first[lane])
        power(2 * lane + 1, bin, second[lane])
      }
    }
  }

  private static func run(_ step: Step, _ input: [Complex], _ output: inout [Complex]) {
    let (radix, stride) = (step.radix, step.stride)
    for group in 0..<step.groupCount {
      for place in 0..<stride {
        for index in 0..<radix {
          var (real, imaginary) = (Lanes.zero, Lanes.zero)
          for part in 0..<radix {
            let value = input[place + stride * (group + part * step.groupCount)]
            let (cosine, sine) = step.factors[(group * radix + index) * radix + part]
            real += value.real * cosine - value.imaginary * sine
            imaginary += value.real * sine + value.imaginary * cosine
          }
          output[place + stride * (radix * group + index)] = Complex(
            real: real, imaginary: imaginary)
        }
      }
    }
  }
}
