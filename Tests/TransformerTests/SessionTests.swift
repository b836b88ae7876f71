// Sessions: limits are errors, memory is wiped, nothing is computed by halves.

import KernelInterface
import TensorCore
import TestSupport
import Testing
import Transformer

@Suite struct SessionTests {
  static let model = TinyModel.all[0]

  @Test("Tokens outside of the vocabulary are refused and nothing is evaluated")
  func badTokens() throws {
    let session = try Session(Self.model.load(.F16))
    for token: Int32 in [-1, 288, .max, .min] {
      let error = #expect(throws: ModelError.self) {
        try session.evaluate([1, token], logits: .last)
      }
      #expect(error?.code == .tokenOutOfRange)
      #expect(session.position == 0)
    }
  }

  @Test("A full context is an error, and what was there stays")
  func fullContext() throws {
    let model = try Self.model.load(.F16, contextLength: 40)
    let session = try Session(model)
    let tokens = try Self.model.tokens(41, seed: 1)
    var error = #expect(throws: ModelError.self) { try session.evaluate(tokens, logits: .last) }
    #expect(error?.code == .contextFull)
    #expect(session.position == 0)
    _ = try session.evaluate(Array(tokens.prefix(40)), logits: .none)
    error = #expect(throws: ModelError.self) { try session.evaluate([1], logits: .last) }
    #expect(error?.code == .contextFull)
    #expect(session.position == 40)
  }

  @Test("No tokens give no logits")
  func noTokens() throws {
    let session = try Session(Self.model.load(.F16))
    #expect(try session.evaluate([], logits: .all).isEmpty)
    #expect(try session.evaluate([], logits: .last).isEmpty)
    #expect(session.position == 0)
  }

  @Test("A cancelled evaluation ends between slices")
  func cancellation() throws {
    let session = try Session(Self.model.load(.F16, contextLength: 1_024))
    let tokens = try Self.model.tokens(600, seed: 2)
    var asked = 0
    #expect(throws: CancellationError.self) {
      try session.evaluate(
        tokens, logits: .none,
        isCancelled: {
          asked += 1
          return asked == 2
        }, { _ in })
    }
    #expect(session.position == 512)
    // What was evaluated counts.
    session.truncate(to: 100)
    let rest = try session.evaluate(Array(tokens[100..<110]), logits: .last).bits
    let other = try Session(session.model)
    #expect(try other.evaluate(Array(tokens[..<110]), logits: .last).bits == rest)
  }

  @Test("A reset session starts anew")
  func reset() throws {
    let session = try Session(Self.model.load(.F16))
    let tokens = try Self.model.tokens(50, seed: 3)
    let first = try session.evaluate(tokens, logits: .all).bits
    session.reset()
    #expect(session.position == 0)
    #expect(try session.evaluate(tokens, logits: .all).bits == first)
  }

  @Test("A context that no memory holds is an error", arguments: [1 << 50, Int.max, -1])
  func impossibleContext(length: Int) throws {
    let model = try Self.model.load(.F16)
    #expect(throws: (any Error).self) { try Session(model, contextLength: length) }
    var options = ModelOptions()
    options.contextLength = length
    let path = ProjectFixtures.root + "/architectures/llama.gguf"
    let error = #expect(throws: ModelError.self) { try Model.load(path, options: options) }
    #expect(error?.code == .badOption)
  }

  @Test("Options choose the threads, the context and the cache")
  func options() throws {
    let model = try Self.model.load(.F32, threads: 2, contextLength: 100)
    #expect(model.threadCount == 2 && model.contextLength == 100)
    let half = try Session(Self.model.load(.F16, contextLength: 100)).memoryBytes
    #expect(try Session(model).memoryBytes == 2 * half)
    #expect(try Session(model).contextLength == 100)
    #expect(try Session(model, contextLength: 10).contextLength == 10)
  }

  @Test("A model runs without its last reference's help")
  func lifetime() throws {
    let tokens = try Self.model.tokens(5, seed: 4)
    let session = try Session(Self.model.load(.F16, threads: 2))
    #expect(try session.evaluate(tokens, logits: .last).count == 288)
  }

  @Test("Sequences side by side take nothing where one of them has no room")
  func fullContextSideBySide() throws {
    let session = try BatchSession(Self.model.load(.F16), sequences: 2, contextLength: 8)
    let tokens = try Self.model.tokens(40, seed: 5)
    let whole = Array(tokens.prefix(8))
    for count in [9, 40] {
      let error = #expect(throws: ModelError.self) {
        try session.evaluate([whole, Array(tokens.prefix(count))])
      }
      #expect(error?.code == .contextFull)
    }
    try session.evaluate([whole, whole])
  }
}
