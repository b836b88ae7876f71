// From quantised values to a spectrum (ISO/IEC 11172-3, 2.4.3.4.7 and 2.4.3.4.8).

/// The spectrum of a granule of one channel.
struct MP3Spectrum {
  /// In the order they are written; 0 from `count` on.
  var values = [Float](repeating: 0, count: 576)
  private(set) var count = 0

  /// The fourth power of the third root of each magnitude that can be written.
  private static let magnitudes: [Float] = (0...8_206).map { Float(power(Double($0), 4.0 / 3)) }
  /// Powers of two by quarters, those for the least gain first.
  private static let leastQuarters = -400
  private static let gains: [Float] = (leastQuarters...50).map { Float(power(2, Double($0) / 4)) }
  /// What is added to the scalefactors of long bands where the granule says so.
  private static let preemphasis = [
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 3, 2, 0,
  ]

  /// Takes the values of a granule, each band times its gain.
  mutating func set(
    _ quantised: MP3Quantised, _ granule: MP3Granule, _ scalefactors: MP3Scalefactors,
    _ bands: [MP3Band]
  ) {
    let magnitudes = Self.magnitudes
    let gains = Self.gains
    for (index, band) in bands.enumerated() where band.range.lowerBound < quantised.count {
      var quarters = granule.globalGain - 210
      var scalefactor = scalefactors.values[index]
      if let window = band.window {
        quarters -= 8 * granule.windowGains[window]
      } else if scalefactors.isPreemphasized {
        scalefactor += Self.preemphasis[index]
      }
      let gain = gains[quarters - granule.scalefactorStep * scalefactor - Self.leastQuarters]
      for place in band.range {
        let value = quantised.values[place]
        values[place] = value < 0 ? -magnitudes[-value] * gain : magnitudes[value] * gain
      }
    }
    // Bands end behind the last value; what was there of the last granule goes.
    let end = bands.last { $0.range.lowerBound < quantised.count }?.range.upperBound ?? 0
    for place in end..<max(end, count) { values[place] = 0 }
    count = end
  }

  mutating func clear() {
    for place in 0..<count { values[place] = 0 }
    count = 0
  }

  /// What a change of values from outside may have reached.
  mutating func extend(to end: Int) { count = max(count, end) }

  /// Puts the values of short bands in the order of frequency, its three windows side by side.
  mutating func interleaveWindows(_ bands: [MP3Band]) {
    var interleaved: [Float] = []
    for first in bands.indices where bands[first].window == 0 {
      let start = bands[first].range.lowerBound
      let width = bands[first].range.count
      guard start < count else { break }
      interleaved.removeAll(keepingCapacity: true)
      for place in 0..<width {
        for window in 0..<3 { interleaved.append(values[start + window * width + place]) }
      }
      for place in interleaved.indices { values[start + place] = interleaved[place] }
      count = max(count, start + 3 * width)
    }
  }

  /// Takes away what bands leak into their neighbours, between so many long subbands and the next
  /// (ISO/IEC 11172-3, 2.4.3.4.10.1).
  mutating func reduceAliases(subbandCount: Int) {
    let coefficients = Self.aliasCoefficients
    for subband in stride(from: 18, to: 18 * subbandCount, by: 18) {
      for place in 0..<8 {
        let (own, other) = coefficients[place]
        let (lower, upper) = (values[subband - 1 - place], values[subband + place])
        values[subband - 1 - place] = lower * own - upper * other
        values[subband + place] = upper * own + lower * other
      }
    }
    // The last subband leaks into eight values of the next.
    if count > 0 { extend(to: min(576, (count + 17) / 18 * 18 + 8)) }
  }

  private static let aliasCoefficients: [(Float, Float)] =
    [-0.6, -0.535, -0.33, -0.185, -0.095, -0.041, -0.0142, -0.0037].map { (c: Double) in
      let length = (1 + c * c).squareRoot()
      return (Float(1 / length), Float(c / length))
    }
}
