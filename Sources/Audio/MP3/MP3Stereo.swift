// Two channels that were written as one and what is missing (ISO/IEC 11172-3, 2.4.3.4.9; 13818-3,
// 2.4.3.2).

/// Turns what is written of two channels into left and right.
enum MP3Stereo {
  /// Bands are those of the second channel, whose scalefactors are directions where it is silent up
  /// to the highest frequency.
  static func decode(
    _ left: inout MP3Spectrum, _ right: inout MP3Spectrum, _ header: MP3Header,
    _ granule: MP3Granule, _ scalefactors: MP3Scalefactors, _ bands: [MP3Band]
  ) {
    let end = max(left.count, right.count)
    let directed = header.usesIntensity ? directedBands(right, bands) : []
    for (index, band) in bands.enumerated() where band.range.lowerBound < end {
      if !directed.isEmpty, directed[index],
        let direction = scalefactors.direction(source(of: index, in: bands))
      {
        let (leftGain, rightGain) = gains(direction, header, granule)
        for place in band.range {
          right.values[place] = left.values[place] * rightGain
          left.values[place] *= leftGain
        }
      } else if header.usesMiddleSide {
        let half = Float(0.5).squareRoot()
        for place in band.range {
          let (middle, side) = (left.values[place], right.values[place])
          left.values[place] = (middle + side) * half
          right.values[place] = (middle - side) * half
        }
      }
    }
    left.extend(to: end)
    right.extend(to: end)
  }

  /// The bands above the last one of the same window in which the channel is not silent; long bands
  /// only where all short ones are silent.
  private static func directedBands(_ channel: MP3Spectrum, _ bands: [MP3Band]) -> [Bool] {
    var directed = [Bool](repeating: false, count: bands.count)
    var isHeard = [false, false, false]
    for index in bands.indices.reversed() {
      let band = bands[index]
      let windows = band.window.map { [$0] } ?? [0, 1, 2]
      if windows.contains(where: { isHeard[$0] }) { continue }
      if band.range.contains(where: { channel.values[$0] != 0 }) {
        for window in windows { isHeard[window] = true }
      } else {
        directed[index] = true
      }
    }
    return directed
  }

  /// The band whose direction counts: the last of each window has none of its own.
  private static func source(of index: Int, in bands: [MP3Band]) -> Int {
    let step = bands[index].window == nil ? 1 : 3
    return index + step < bands.count ? index : index - step
  }

  /// What left and right are of the common channel.
  private static func gains(
    _ direction: Int, _ header: MP3Header, _ granule: MP3Granule
  ) -> (left: Float, right: Float) {
    if header.version == .mpeg1 {
      // From the right, 0, to the left, 6; its tangent is the ratio of both.
      guard direction < 6 else { return (1, 0) }
      let ratio = Float(tangent(Double(direction) * .pi / 12))
      return (ratio / (1 + ratio), 1 / (1 + ratio))
    }
    // Steps of 1.5 or of 3 dB to the one side and the other.
    let step = granule.scalefactorSizes & 1 == 0 ? 0.25 : 0.5
    let gain = Float(power(2, -step * Double((direction + 1) / 2)))
    return direction & 1 == 1 ? (gain, 1) : (1, gain)
  }
}
