// One channel of a frame: a constant, the samples themselves, or a predictor and what it missed
// (RFC 9639, section 9.2).

/// Decodes subframes. Arithmetic wraps: what a hostile file makes of it is caught by the checksum.
enum FLACSubframe {
  /// Reads a subframe of samples of so many bits, 1 to 33. Where the reader is past its end
  /// afterwards, the samples mean nothing.
  static func decode(
    _ reader: inout BitReader, bitsPerSample: Int, into samples: inout [Int]
  ) throws(AudioError) {
    let isReserved = reader.read(1) == 1
    let type = reader.read(6)
    // Low bits that are zero in every sample are left out.
    let wastedBits = reader.read(1) == 1 ? reader.readUnary() &+ 1 : 0
    guard !reader.isPastEnd else { return }
    guard !isReserved, wastedBits >= 0, wastedBits < bitsPerSample else { throw fault }
    let bits = bitsPerSample - wastedBits
    switch type {
    case 0:
      let value = reader.readSigned(bits)
      for index in samples.indices { samples[index] = value }
    case 1:
      for index in samples.indices { samples[index] = reader.readSigned(bits) }
    case 8...12:
      try decodeFixed(&reader, order: type - 8, bits: bits, into: &samples)
    case 32...:
      try decodeLinear(&reader, order: type - 31, bits: bits, into: &samples)
    default:
      throw fault
    }
    if wastedBits > 0 {
      for index in samples.indices { samples[index] = samples[index] &<< wastedBits }
    }
  }

  private static let fault = AudioError.damaged("FLAC", "a channel of a frame is of no known kind")

  /// Polynomials through the last samples.
  private static func decodeFixed(
    _ reader: inout BitReader, order: Int, bits: Int, into samples: inout [Int]
  ) throws(AudioError) {
    try decodeStart(&reader, count: order, bits: bits, into: &samples)
    try decodeResidual(&reader, order: order, into: &samples)
    let coefficients = [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]][order]
    predict(&samples, coefficients, shift: 0)
  }

  /// Coefficients that come with the subframe.
  private static func decodeLinear(
    _ reader: inout BitReader, order: Int, bits: Int, into samples: inout [Int]
  ) throws(AudioError) {
    try decodeStart(&reader, count: order, bits: bits, into: &samples)
    let precision = reader.read(4) + 1
    let shift = reader.readSigned(5)
    guard reader.isPastEnd || (precision < 16 && shift >= 0) else { throw fault }
    let coefficients = (0..<order).map { _ in reader.readSigned(precision) }
    try decodeResidual(&reader, order: order, into: &samples)
    predict(&samples, coefficients, shift: max(0, shift))
  }

  private static func decodeStart(
    _ reader: inout BitReader, count: Int, bits: Int, into samples: inout [Int]
  ) throws(AudioError) {
    guard count <= samples.count else { throw fault }
    for index in 0..<count { samples[index] = reader.readSigned(bits) }
  }

  /// Adds to what stands in the samples what is predicted from those before, the nearest first.
  private static func predict(_ samples: inout [Int], _ coefficients: [Int], shift: Int) {
    let order = coefficients.count
    guard order > 0 else { return }
    for index in order..<samples.count {
      var sum = 0
      for tap in 0..<order { sum &+= coefficients[tap] &* samples[index &- 1 &- tap] }
      samples[index] = samples[index] &+ sum &>> shift
    }
  }

  /// What the predictor missed: partitions of Rice codes, each with a parameter (section 9.2.7).
  private static func decodeResidual(
    _ reader: inout BitReader, order: Int, into samples: inout [Int]
  ) throws(AudioError) {
    let method = reader.read(2)
    let partitionOrder = reader.read(4)
    guard !reader.isPastEnd else { return }
    let partitionSize = samples.count >> partitionOrder
    guard method < 2, partitionSize << partitionOrder == samples.count, partitionSize >= order
    else {
      throw AudioError.damaged("FLAC", "a frame is divided where it cannot be")
    }
    let parameterBits = method == 0 ? 4 : 5
    let escape = 1 << parameterBits - 1
    var index = order
    for partition in 1...(1 << partitionOrder) {
      let end = partition * partitionSize
      let parameter = reader.read(parameterBits)
      if parameter == escape {
        let bits = reader.read(5)
        while index < end {
          samples[index] = bits == 0 ? 0 : reader.readSigned(bits)
          index += 1
        }
      } else {
        while index < end {
          let upper = reader.readUnary()
          let code = upper &<< parameter | reader.read(parameter)
          samples[index] = code &>> 1 ^ -(code & 1)
          index += 1
        }
      }
      if reader.isPastEnd { return }
    }
  }
}
