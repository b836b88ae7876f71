// From the spectrum of each subband to its samples: an inverse modified cosine transform whose
// windows overlap (ISO/IEC 11172-3, 2.4.3.4.10).

/// The samples of 32 subbands at each of 18 moments of a granule. All is linear, so the spectra of
/// several channels are added, and one overlap serves their sum.
struct MP3Hybrid {
  /// Of a granule and of the half that overlaps the next.
  private var samples = [MP3Subbands](repeating: MP3Subbands(), count: 36)
  private var spectrum = [MP3Subbands](repeating: MP3Subbands(), count: 18)

  /// Adds a spectrum in order of frequency.
  mutating func add(_ values: MP3Spectrum, _ granule: MP3Granule) {
    if granule.isMixed {
      add(values, 0..<2, .long)
      add(values, 2..<32, .short)
    } else {
      add(values, 0..<32, granule.blocks)
    }
  }

  private mutating func add(
    _ values: MP3Spectrum, _ subbands: Range<Int>, _ blocks: MP3Granule.Blocks
  ) {
    let end = min(subbands.upperBound, (values.count + 17) / 18)
    guard subbands.lowerBound < end else { return }
    for index in 0..<18 { spectrum[index] = MP3Subbands() }
    for subband in subbands.lowerBound..<end {
      for index in 0..<18 { spectrum[index][subband] = values.values[18 * subband + index] }
    }
    let matrix = Self.matrices[blocks.rawValue]
    for sample in 0..<36 {
      var sum = samples[sample]
      for index in 0..<18 { sum.add(spectrum[index], times: matrix[18 * sample + index]) }
      samples[sample] = sum
    }
  }

  /// Hands out the moments of the granule, and begins the next.
  mutating func finish(_ use: (MP3Subbands) -> Void) {
    for moment in 0..<18 {
      // Odd subbands are upside down in frequency.
      if moment & 1 == 1 {
        for subband in stride(from: 1, to: 32, by: 2) { samples[moment][subband].negate() }
      }
      use(samples[moment])
      samples[moment] = samples[moment + 18]
      samples[moment + 18] = MP3Subbands()
    }
  }

  /// For each kind of blocks `[36 samples, 18 values]`: the transform and its window.
  private static let matrices: [[Float]] = [
    long { sine(.pi / 36 * ($0 + 0.5)) },
    long { place in
      switch place {
      case ..<18: sine(.pi / 36 * (place + 0.5))
      case ..<24: 1
      case ..<30: sine(.pi / 12 * (place - 18 + 0.5))
      default: 0
      }
    },
    short,
    long { place in
      switch place {
      case ..<6: 0
      case ..<12: sine(.pi / 12 * (place - 6 + 0.5))
      case ..<18: 1
      default: sine(.pi / 36 * (place + 0.5))
      }
    },
  ]

  private static func long(_ window: (Double) -> Double) -> [Float] {
    (0..<36).flatMap { sample in
      (0..<18).map { Float(window(Double(sample)) * transform(sample, $0, size: 36)) }
    }
  }

  /// Three transforms of 12 samples, each 6 after the other, of values that stand side by side.
  private static let short: [Float] = {
    var matrix = [Float](repeating: 0, count: 36 * 18)
    for window in 0..<3 {
      for sample in 0..<12 {
        for value in 0..<6 {
          matrix[18 * (6 + 6 * window + sample) + 3 * value + window] = Float(
            sine(.pi / 12 * (Double(sample) + 0.5)) * transform(sample, value, size: 12))
        }
      }
    }
    return matrix
  }()

  private static func transform(_ sample: Int, _ value: Int, size: Int) -> Double {
    cosine(.pi / Double(2 * size) * Double((2 * sample + 1 + size / 2) * (2 * value + 1)))
  }
}
