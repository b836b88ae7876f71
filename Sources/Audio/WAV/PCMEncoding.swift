// How a sample is written, and its value from -1 to 1.

/// An encoding of single samples, little-endian. Samples of fewer bits than their bytes hold stand
/// in the upper bits.
enum PCMEncoding {
  case unsigned8, signed16, signed24, signed32, float32, float64
  /// One byte that stands for one of 256 values.
  case table([Float])

  /// The encoding of a format, and its bytes of a sample.
  static func find(_ format: WAVFormat) throws(AudioError) -> (PCMEncoding, sampleWidth: Int) {
    var width = (format.bitsPerSample + 7) / 8
    // 24 bits may stand in four bytes: the frame's size tells.
    if format.frameBytes % format.channelCount == 0,
      format.frameBytes / format.channelCount >= width
    {
      width = format.frameBytes / format.channelCount
    }
    switch (format.tag, width) {
    case (1, 1): return (.unsigned8, 1)
    case (1, 2): return (.signed16, 2)
    case (1, 3): return (.signed24, 3)
    case (1, 4): return (.signed32, 4)
    case (3, 4): return (.float32, 4)
    case (3, 8): return (.float64, 8)
    case (6, 1): return (.table((0...255).map(aLaw)), 1)
    case (7, 1): return (.table((0...255).map(muLaw)), 1)
    case (1, _), (3, _), (6, _), (7, _):
      throw AudioError.unsupported("WAV of \(format.bitsPerSample) bits a sample")
    default:
      throw AudioError.unsupported("WAV of \(codecName(format.tag))")
    }
  }

  /// Fills the block with the means over all channels of as many frames; the bytes have them all.
  func mix(
    _ bytes: [UInt8], from start: Int, sampleWidth: Int, channelCount: Int,
    into block: inout [Float]
  ) {
    /// Each case has loops of its own, with nothing to decide inside.
    @inline(__always)
    func fill(_ value: (Int) -> Float) {
      var position = start
      let scale = Float(channelCount)
      for frame in block.indices {
        var sum: Float = 0
        for _ in 0..<channelCount {
          sum += value(position)
          position += sampleWidth
        }
        block[frame] = sum / scale
      }
    }
    switch self {
    case .unsigned8:
      fill { (Float(bytes[$0]) - 128) / 128 }
    case .signed16:
      fill { Float(Int16(truncatingIfNeeded: Int(bytes[$0]) | Int(bytes[$0 + 1]) << 8)) / 32_768 }
    case .signed24:
      fill {
        let upper =
          UInt32(bytes[$0]) << 8 | UInt32(bytes[$0 + 1]) << 16 | UInt32(bytes[$0 + 2]) << 24
        return Float(Int32(bitPattern: upper)) / 2_147_483_648
      }
    case .signed32:
      fill { Float(Int32(bitPattern: word(bytes, $0))) / 2_147_483_648 }
    case .float32:
      fill { bounded(Float(bitPattern: word(bytes, $0))) }
    case .float64:
      fill {
        let bits = UInt64(word(bytes, $0)) | UInt64(word(bytes, $0 + 4)) << 32
        return bounded(Float(Double(bitPattern: bits)))
      }
    case .table(let values):
      fill { values[Int(bytes[$0])] }
    }
  }

  @inline(__always)
  private func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
    UInt32(bytes[offset]) | UInt32(bytes[offset + 1]) << 8 | UInt32(bytes[offset + 2]) << 16
      | UInt32(bytes[offset + 3]) << 24
  }

  /// From -1 to 1; 0 for NaN.
  @inline(__always)
  private func bounded(_ value: Float) -> Float {
    value.isNaN ? 0 : max(-1, min(1, value))
  }

  /// ITU-T G.711, 13 bits in the upper bits of 16.
  private static func aLaw(_ code: Int) -> Float {
    let inverted = code ^ 0x55
    let segment = inverted >> 4 & 7
    let step = (inverted & 15) << 4 | 8
    let magnitude = segment == 0 ? step : (step + 0x100) << (segment - 1)
    return Float(inverted & 0x80 != 0 ? magnitude : -magnitude) / 32_768
  }

  /// ITU-T G.711, 14 bits in the upper bits of 16.
  private static func muLaw(_ code: Int) -> Float {
    let inverted = ~code & 0xff
    let magnitude = ((inverted & 15) << 3 | 0x84) << (inverted >> 4 & 7) - 0x84
    return Float(inverted & 0x80 != 0 ? -magnitude : magnitude) / 32_768
  }

  /// What is known by a format tag, or the tag (RFC 2361).
  private static func codecName(_ tag: Int) -> String {
    switch tag {
    case 0x02: "ADPCM"
    case 0x11: "IMA ADPCM"
    case 0x31: "GSM 6.10"
    case 0x50: "MPEG audio"
    case 0x55: "MP3"
    case 0x160...0x163: "WMA"
    case 0xff, 0x1600...0x1610: "AAC"
    default: "format tag 0x\(String(tag, radix: 16))"
    }
  }
}
