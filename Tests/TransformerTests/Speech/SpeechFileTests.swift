// Hostile files of speech models: refused by an error of one line that names the file, or harmless.

import FoundationEssentials
import TensorCore
import TestSupport
import Testing
import Transformer

@Suite struct SpeechFileTests {
  private static let valid = (try? ProjectFixtures.bytes("speech/tiny-q8_0.bin")) ?? []

  /// Loads bytes as a model and uses it; the message of the error that refuses them.
  private func refusal(_ bytes: [UInt8], isUsed: Bool = true) throws -> String? {
    try TemporaryFolder.with { folder in
      let path = folder + "/model.bin"
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      var options = ModelOptions()
      options.threadCount = 1
      do {
        let model = try SpeechModel.load(path, options: options)
        if isUsed { _ = try? model.transcribe(TinySpeech.samples) }
        return nil
      } catch {
        let message = "\(error)"
        #expect(!message.contains { $0.isNewline }, "\(message)")
        // Of memory that is not there the system tells, which knows of no file.
        if error is AllocationError { return message }
        #expect(message.contains(path), "\(message)")
        #expect(error is ModelError || error is FileError, "\(type(of: error))")
        return message
      }
    }
  }

  @Test("The whole file loads") func whole() throws {
    #expect(!Self.valid.isEmpty)
    #expect(try refusal(Self.valid) == nil)
  }

  @Test("A file that ends early is refused, wherever it ends")
  func truncations() throws {
    var ends = Array(stride(from: 0, to: 300, by: 7))
    ends += Array(stride(from: 300, to: Self.valid.count, by: 1_013))
    ends.append(Self.valid.count - 1)
    for end in ends {
      #expect(try refusal(Array(Self.valid[..<end])) != nil, "the first \(end) bytes")
    }
  }

  @Test("No number of the head does harm", arguments: 0..<14)
  func heads(place: Int) throws {
    var refusedCount = 0
    let own = Self.valid[4 * place..<4 * place + 4].withUnsafeBytes {
      Int32(littleEndian: $0.loadUnaligned(as: Int32.self))
    }
    let numbers: [Int32] = [own, 0, -1, 1, 2, 3, 1_000, 51_865, 1 << 20, .max, .min]
    for number in numbers {
      var bytes = Self.valid
      withUnsafeBytes(of: number.littleEndian) {
        bytes.replaceSubrange(4 * place..<4 * place + 4, with: $0)
      }
      let isRefused = try refusal(bytes) != nil
      #expect(!isRefused || number != own)
      if isRefused { refusedCount += 1 }
    }
    // The commonest format of the tensors stands in one place, and each tensor tells its own.
    #expect((refusedCount == 0) == (place == 11))
  }

  @Test("Changed bytes do no harm", arguments: 0..<8)
  func mutations(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var refusedCount = 0
    for _ in 0..<60 {
      var damaged = Self.valid
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        // Heads of tensors are rare among the bytes: most of the damage goes to the front.
        let end = Bool.random(using: &random) ? damaged.count : 12_000
        let place = Int.random(in: 4..<end, using: &random)
        damaged[place] = UInt8.random(in: 0...255, using: &random)
      }
      if try refusal(damaged) != nil { refusedCount += 1 }
    }
    #expect((1..<60).contains(refusedCount))
  }

  @Test("Other files are refused") func others() throws {
    #expect(try refusal(Array("GGUF".utf8) + Array(repeating: 0, count: 100)) != nil)
    #expect(try refusal(Array(repeating: 0, count: 100)) != nil)
    #expect(try refusal(Self.valid + [0]) != nil)
  }
}
