// Every way to write a sample gives its value, and sizes are believed as far as the bytes go.

import Audio
import TestSupport
import Testing

@Suite struct WAVTests {
  @Test(
    arguments: [
      (1, 8, [0, 64, 128, 255], [-1, -0.5, 0, 127 / 128]),
      (1, 16, [0x00, 0x80, 0xff, 0xff, 0x00, 0x40], [-1, -1 / 32_768, 0.5]),
      (1, 24, [0, 0, 0x80, 1, 0, 0, 0, 0, 0x40], [-1, 1 / 8_388_608, 0.5]),
      // Twenty bits stand in the upper bits of three bytes.
      (1, 20, [0x00, 0x00, 0xc0], [-0.5]),
      (1, 32, [0, 0, 0, 0x80, 0, 0, 0, 0x20], [-1, 0.25]),
      (3, 32, [0, 0, 0x80, 0xbe, 0, 0, 0x20, 0x40], [-0.25, 1]),
      // Not a number, and no finite one.
      (3, 32, [0, 0, 0xc0, 0x7f, 0, 0, 0x80, 0xff], [0, -1]),
      (3, 64, [0, 0, 0, 0, 0, 0, 0xe0, 0x3f], [0.5]),
      (6, 8, [0xd5, 0x55, 0xaa, 0x2a], [8, -8, 32_256, -32_256].map { $0 / 32_768 }),
      (7, 8, [0xff, 0x7f, 0x80, 0x00], [0, 0, 32_124, -32_124].map { $0 / 32_768 }),
    ] as [(Int, Int, [UInt8], [Float])])
  func `a sample has its value`(tag: Int, bits: Int, data: [UInt8], samples: [Float]) throws {
    var file = WAVBuilder()
    (file.tag, file.bits, file.data) = (tag, bits, data)
    #expect(try AudioFile.samples(of: file.bytes) == samples)
    file.isExtensible = true
    #expect(try AudioFile.samples(of: file.bytes) == samples)
  }

  @Test func `twenty-four bits may stand in four bytes`() throws {
    var file = WAVBuilder()
    (file.bits, file.frameBytes, file.data) = (24, 4, [0xff, 0, 0, 0x40])
    let samples = try AudioFile.samples(of: file.bytes)
    #expect(samples.count == 1 && abs(samples[0] - 0.5) < 1e-6)
  }

  @Test func `channels are mixed by their mean`() throws {
    var file = WAVBuilder(samples: [100, 200, 600, -3, 0, 3, 32_767, 32_767, 32_767])
    file.channelCount = 3
    #expect(try AudioFile.samples(of: file.bytes) == [300, 0, 32_767].map { $0 / 32_768 })
  }

  @Test func `16 kHz is kept bit for bit`() throws {
    var random = SeededGenerator(seed: 1)
    // More than one block, and not a whole number of them.
    let samples = (0..<20_001).map { _ in Int16.random(in: .min ... .max, using: &random) }
    let found = try AudioFile.samples(of: WAVBuilder(samples: samples).bytes)
    #expect(found == samples.map { Float($0) / 32_768 })
  }

  @Test func `other chunks are passed over`() throws {
    var file = WAVBuilder(samples: [1, 2, 3])
    file.between = WAVBuilder.chunk("LIST", [1, 2, 3]) + WAVBuilder.chunk("fact", [0, 0, 0, 0])
    file.behind = WAVBuilder.chunk("LIST", [9, 9, 9, 9])
    #expect(try AudioFile.samples(of: file.bytes).count == 3)
  }

  @Test(
    arguments: [
      // As streams have it, both sizes unknown or both zero, or a file's that ends with its header.
      (.max, .max), (0, 0), (36, 0), (.max, 0), (0, .max),
      // More than there is.
      (1_000, 1_000), (nil, 7_000), (0x8000_0000, 0x7fff_ff00),
    ] as [(UInt32?, UInt32)])
  func `a size that is not known ends with the file`(fileSize: UInt32?, dataSize: UInt32) throws {
    var file = WAVBuilder(samples: [1, 2, 3])
    (file.fileSize, file.dataSize) = (fileSize, dataSize)
    #expect(try AudioFile.samples(of: file.bytes) == [1, 2, 3].map { $0 / 32_768 })
  }

  @Test func `no data before other chunks is no data`() {
    var file = WAVBuilder()
    file.behind = WAVBuilder.chunk("LIST", [9, 9, 9, 9])
    #expect(throws: AudioError.self) { try AudioFile.samples(of: file.bytes) }
  }

  @Test(arguments: ["RF64", "BW64"])
  func `sizes of 64 bits stand in a chunk of their own`(form: String) throws {
    var file = WAVBuilder(samples: [1, 2, 3])
    (file.form, file.fileSize, file.dataSize) = (form, .max, .max)
    let sizes = WAVBuilder.littleEndian(UInt64(100)) + WAVBuilder.littleEndian(UInt64(4))
    file.between = WAVBuilder.chunk("ds64", sizes + [UInt8](repeating: 0, count: 12))
    #expect(try AudioFile.samples(of: file.bytes).count == 2)
  }

  @Test func `what is there of a file that is cut off is taken`() throws {
    let bytes = WAVBuilder(samples: [Int16](repeating: 5, count: 100)).bytes
    for count in 46...bytes.count {
      #expect(try AudioFile.samples(of: Array(bytes[..<count])).count == (count - 44) / 2)
    }
  }

  @Test(
    arguments: [
      (0x02, 4, "WAV of ADPCM"), (0x11, 4, "WAV of IMA ADPCM"), (0x55, 0, "WAV of MP3"),
      (0x1234, 16, "WAV of format tag 0x1234"), (1, 64, "WAV of 64 bits a sample"),
      (3, 16, "WAV of 16 bits a sample"), (1, 0, "WAV of 0 bits a sample"),
    ] as [(Int, Int, String)])
  func `other encodings are refused by name`(tag: Int, bits: Int, name: String) {
    var file = WAVBuilder(samples: [1, 2, 3, 4])
    (file.tag, file.bits) = (tag, bits)
    if bits == 0 { file.frameBytes = 0 }
    let error = #expect(throws: AudioError.self) { try AudioFile.samples(of: file.bytes) }
    #expect(error?.code == .unsupportedFormat(name))
  }
}
