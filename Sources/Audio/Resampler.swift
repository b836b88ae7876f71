// From any rate to another by a windowed sinc, one output sample at a time.
//
// The filter is a sinc at 0.95 of the lower of both Nyquist frequencies under a Kaiser window of 32
// zero crossings to each side: flat to 0.87 of that frequency, 80 dB down from 1.03 on (Kaiser
// 1974; Smith, "Digital Audio Resampling"). It has a row of coefficients for each place between two
// input samples that an output sample can fall on. Where rates have no divisor in common these
// places are many, so there the output is interpolated between those of 1,024 places, which is
// exact to -110 dB.

/// A stream of samples at another rate. Nothing is delayed: output sample n is the sound at the
/// time of input sample n * `inputRate` / `outputRate`; before and after the input is silence.
struct Resampler {
  private static let zeroCrossings = 32.0
  private static let cutoff = 0.95
  /// For a stop band at -80 dB.
  private static let kaiserBeta = 7.857
  private static let mostRows = 1_024
  /// Input samples that are behind are dropped when they are this many.
  private static let keptCount = 8_192

  /// Output and input samples in the shortest stretch of time that has a whole number of both.
  private let outputStep: Int
  private let inputStep: Int
  /// Whether rows stand for places between which an output sample may fall.
  private let interpolates: Bool
  private let rowCount: Int
  /// Taps of a row, in groups of eight.
  private let groupCount: Int
  /// `[rowCount + 1, groupCount]`, eight taps each.
  private let coefficients: [SIMD8<Float>]

  /// The input, each sample together with the seven before it, so that any eight in a row are one
  /// vector; behind some silence that lets the filter begin before the first sample.
  private var windows: [SIMD8<Float>] = []
  private var recent = SIMD8<Float>()
  /// The first sample under the filter, as an index into `windows`, and the rest of its place.
  private var start = 0
  private var remainder = 0
  private var inputCount = 0
  private var outputCount = 0

  /// Rates are positive.
  init(from inputRate: Int, to outputRate: Int) {
    let divisor = Self.greatestCommonDivisor(inputRate, outputRate)
    outputStep = outputRate / divisor
    inputStep = inputRate / divisor
    interpolates = outputStep > Self.mostRows
    rowCount = interpolates ? Self.mostRows : outputStep
    guard inputRate != outputRate else {
      groupCount = 0
      coefficients = []
      return
    }
    let stretch = max(1, Double(inputRate) / Double(outputRate))
    let half = Int((Self.zeroCrossings * stretch).rounded(.up))
    groupCount = (2 * half + 7) / 8
    coefficients = Self.rows(
      count: rowCount + 1, groupCount: groupCount, half: half, stretch: stretch)
    for _ in 0..<half - 1 { windows.append(recent) }
  }

  /// Output samples of so many input samples.
  func outputCount(for inputCount: Int) -> Int {
    let (whole, rest) = inputCount.quotientAndRemainder(dividingBy: inputStep)
    return whole * outputStep + (rest * outputStep + inputStep - 1) / inputStep
  }

  /// Takes the next input and appends what can be told of the output.
  mutating func append(_ input: [Float], to output: inout [Float]) {
    guard groupCount > 0 else {
      output.append(contentsOf: input)
      return
    }
    inputCount += input.count
    var next = 0
    while next < input.count {
      let end = min(next + Self.keptCount, input.count)
      for index in next..<end { push(input[index]) }
      next = end
      drain(to: &output)
    }
  }

  /// Appends the rest of the output.
  mutating func finish(_ output: inout [Float]) {
    let total = outputCount(for: inputCount)
    guard groupCount > 0 else { return }
    for _ in 0..<8 * groupCount { push(0) }
    drain(to: &output, until: total)
  }

  private mutating func push(_ sample: Float) {
    recent = SIMD8(
      lowHalf: SIMD4(recent[1], recent[2], recent[3], recent[4]),
      highHalf: SIMD4(recent[5], recent[6], recent[7], sample))
    windows.append(recent)
  }

  private mutating func drain(to output: inout [Float], until total: Int = .max) {
    let (whole, rest) = inputStep.quotientAndRemainder(dividingBy: outputStep)
    while start + 8 * groupCount <= windows.count, outputCount < total {
      if interpolates {
        let place = Float(remainder) / Float(outputStep) * Float(rowCount)
        let row = min(Int(place), rowCount - 1)
        let fraction = place - Float(row)
        output.append(filtered(row) * (1 - fraction) + filtered(row + 1) * fraction)
      } else {
        output.append(filtered(remainder))
      }
      outputCount += 1
      start += whole
      remainder += rest
      if remainder >= outputStep {
        remainder -= outputStep
        start += 1
      }
    }
    let behind = min(start, windows.count)
    if behind >= Self.keptCount {
      windows.removeFirst(behind)
      start -= behind
    }
  }

  /// The input under the filter times a row.
  private func filtered(_ row: Int) -> Float {
    var sums = SIMD8<Float>()
    let taps = row * groupCount
    for group in 0..<groupCount {
      sums += windows[start + 8 * group + 7] * coefficients[taps + group]
    }
    return sums.sum()
  }

  /// Row r holds the filter for an output sample that falls r / (count - 1) behind the input sample
  /// under tap `half` - 1. Each row adds up to one, so that silence and constants stay exact.
  private static func rows(
    count: Int, groupCount: Int, half: Int, stretch: Double
  ) -> [SIMD8<Float>] {
    var rows: [SIMD8<Float>] = []
    rows.reserveCapacity(count * groupCount)
    var taps = [Double](repeating: 0, count: 8 * groupCount)
    let scale = 1 / besselI0(kaiserBeta)
    let width = zeroCrossings * stretch
    for row in 0..<count {
      var sum = 0.0
      for tap in taps.indices {
        let distance = Double(tap - half + 1) - Double(row) / Double(count - 1)
        let position = distance / width
        let x = .pi * cutoff * distance / stretch
        taps[tap] =
          abs(position) >= 1
          ? 0
          : (abs(x) < 1e-9 ? 1 : sine(x) / x) * scale
            * besselI0(kaiserBeta * (1 - position * position).squareRoot())
        sum += taps[tap]
      }
      for group in 0..<groupCount {
        var eight = SIMD8<Float>()
        for lane in 0..<8 { eight[lane] = Float(taps[8 * group + lane] / sum) }
        rows.append(eight)
      }
    }
    return rows
  }

  private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    b == 0 ? a : greatestCommonDivisor(b, a % b)
  }
}
