// From the samples of 32 subbands to sound: the polyphase filter (ISO/IEC 11172-3, 2.4.3.2.2).

/// The filter and the last moments that it still hears.
struct MP3Synthesis {
  /// The 64 values of each of the last 16 moments, lower half and upper half.
  private var lower = [MP3Subbands](repeating: MP3Subbands(), count: 16)
  private var upper = [MP3Subbands](repeating: MP3Subbands(), count: 16)
  private var newest = 0

  /// Appends the 32 samples of a moment, from -1 to 1 or a little more.
  mutating func append(_ subbands: MP3Subbands, to samples: inout [Float]) {
    newest = (newest + 15) & 15
    let lowerMatrix = Self.lowerMatrix
    let upperMatrix = Self.upperMatrix
    var (low, high) = (MP3Subbands(), MP3Subbands())
    for subband in 0..<32 {
      low.add(lowerMatrix[subband], times: subbands[subband])
      high.add(upperMatrix[subband], times: subbands[subband])
    }
    lower[newest] = low
    upper[newest] = high
    let window = Self.window
    var sum = MP3Subbands()
    for age in stride(from: 0, to: 16, by: 2) {
      sum.add(lower[(newest + age) & 15], times: window[age])
      sum.add(upper[(newest + age + 1) & 15], times: window[age + 1])
    }
    for index in 0..<32 { samples.append(sum[index]) }
  }

  /// What a subband adds to the first 32 of 64 values, and to the others.
  private static let lowerMatrix = matrix(from: 0)
  private static let upperMatrix = matrix(from: 32)

  private static func matrix(from start: Int) -> [MP3Subbands] {
    (0..<32).map { subband in
      var column = MP3Subbands()
      for index in 0..<32 {
        column[index] = Float(
          cosine(Double((16 + start + index) * (2 * subband + 1)) * .pi / 64))
      }
      return column
    }
  }

  /// The window in 16 parts of 32.
  private static let window: [MP3Subbands] = (0..<16).map { part in
    var values = MP3Subbands()
    for index in 0..<32 {
      let place = 32 * part + index
      let value = place <= 256 ? halfWindow[place] : halfWindow[512 - place]
      // The second half mirrors the first; its signs change with every 64.
      values[index] = Float(place > 256 && place % 64 != 0 ? -value : value) / 65_536
    }
    return values
  }

  /// The first half of table B.3 and its middle, in units of 1 / 65,536.
  private static let halfWindow = [
    0, -1, -1, -1, -1, -1, -1, -2, -2, -2, -2, -3, -3, -4, -4, -5, -5, -6, -7, -7, -8, -9, -10, -11,
    -13, -14, -16, -17, -19, -21, -24, -26, -29, -31, -35, -38, -41, -45, -49, -53, -58, -63, -68,
    -73, -79, -85, -91, -97, -104, -111, -117, -125, -132, -139, -147, -154, -161, -169, -176, -183,
    -190, -196, -202, -208, 213, 218, 222, 225, 227, 228, 228, 227, 224, 221, 215, 208, 200, 189,
    177, 163, 146, 127, 106, 83, 57, 29, -2, -36, -72, -111, -153, -197, -244, -294, -347, -401,
    -459, -519, -581, -645, -711, -779, -848, -919, -991, -1_064, -1_137, -1_210, -1_283, -1_356,
    -1_428, -1_498, -1_567, -1_634, -1_698, -1_759, -1_817, -1_870, -1_919, -1_962, -2_001, -2_032,
    -2_057, -2_075, -2_085, -2_087, -2_080, -2_063, 2_037, 2_000, 1_952, 1_893, 1_822, 1_739, 1_644,
    1_535, 1_414, 1_280, 1_131, 970, 794, 605, 402, 185, -45, -288, -545, -814, -1_095, -1_388,
    -1_692, -2_006, -2_330, -2_663, -3_004, -3_351, -3_705, -4_063, -4_425, -4_788, -5_153, -5_517,
    -5_879, -6_237, -6_589, -6_935, -7_271, -7_597, -7_910, -8_209, -8_491, -8_755, -8_998, -9_219,
    -9_416, -9_585, -9_727, -9_838, -9_916, -9_959, -9_966, -9_935, -9_863, -9_750, -9_592, -9_389,
    -9_139, -8_840, -8_492, -8_092, -7_640, -7_134, 6_574, 5_959, 5_288, 4_561, 3_776, 2_935, 2_037,
    1_082, 70, -998, -2_122, -3_300, -4_533, -5_818, -7_154, -8_540, -9_975, -11_455, -12_980,
    -14_548, -16_155, -17_799, -19_478, -21_189, -22_929, -24_694, -26_482, -28_289, -30_112,
    -31_947, -33_791, -35_640, -37_489, -39_336, -41_176, -43_006, -44_821, -46_617, -48_390,
    -50_137, -51_853, -53_534, -55_178, -56_778, -58_333, -59_838, -61_289, -62_684, -64_019,
    -65_290, -66_494, -67_629, -68_692, -69_679, -70_590, -71_420, -72_169, -72_835, -73_415,
    -73_908, -74_313, -74_630, -74_856, -74_992, 75_038,
  ]
}
