// Hostile files: each must be refused by a typed error, or opened, and never do harm.

import FoundationEssentials
import TensorCore
import TestSupport
import Testing

@Suite struct MalformedFileTests {
  /// What `malformed/index.json` says of a file.
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    enum Expectation: String, Decodable {
      case reject
      case noCrash = "no-crash"
      case load
    }

    let file: String
    let what: String
    let expect: Expectation

    var testDescription: String { file }
  }

  static let cases = (try? ProjectFixtures.json("malformed/index.json", as: [Case].self)) ?? []

  /// Beginnings of the names of files that are well-formed GGUF but no model: what is wrong with
  /// them (hyperparameters, vocabulary, missing or misshapen tensors) is for the layers above.
  static let flawedAsModels = [
    "architecture-", "hparam-", "missing-key-", "missing-tensor-", "scores-length-", "shape-",
    "tensor-count-zero", "tensor-name-5", "tensor-name-6", "token-type-length-", "type-integer-1",
    "type-integer-2", "vocab-size-", "wrong-type-",
  ]

  @Test("The fixtures are there")
  func fixturesArePresent() {
    #expect(Self.cases.count == 270)
  }

  @Test("A hostile file is refused by an error of one line, or opened", arguments: cases)
  func hostileFilesDoNoHarm(item: Case) throws {
    let path = ProjectFixtures.root + "/malformed/" + item.file
    let isForLaterLayers = Self.flawedAsModels.contains { item.file.hasPrefix($0) }
    do throws(GGUFError) {
      let file = try GGUFFile(path: path)
      touchEverything(in: file)
      #expect(item.expect != .reject || isForLaterLayers, "\(item.what) was accepted")
    } catch {
      #expect(item.expect != .load && !isForLaterLayers, "\(error)")
      let message = "\(error)"
      #expect(message.hasPrefix(path + ": "))
      #expect(!message.contains { $0.isNewline })
    }
  }

  @Test("Flipped bits and cut ends do no harm", arguments: 0..<8)
  func randomDamageDoesNoHarm(seed: UInt64) throws {
    let folder = try TemporaryFolder()
    let valid = try ProjectFixtures.bytes("malformed/valid.gguf")
    var random = SeededGenerator(seed: seed)
    for _ in 0..<100 {
      var damaged = valid
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 4..<valid.count / 2, using: &random)
        damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      }
      if Bool.random(using: &random) {
        damaged.removeLast(Int.random(in: 0..<valid.count, using: &random))
      }
      let path = try folder.write(damaged)
      if let file = try? GGUFFile(path: path) { touchEverything(in: file) }
    }
  }

  /// Reads every byte that the file's description leads to.
  private func touchEverything(in file: GGUFFile) {
    for key in file.metadata.keys {
      guard case .array(let array) = file.metadata[key] else { continue }
      _ = array.strings?.decoded()
      _ = array.floats
      _ = array.integers
      _ = array.bools
    }
    for tensor in file.tensors {
      #expect(tensor.bytes.reduce(0) { $0 ^ $1 } <= .max)
      #expect(tensor.bytes.count == tensor.byteCount)
    }
  }
}
