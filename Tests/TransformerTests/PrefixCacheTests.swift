// What the engine remembers of prompts: found again by their tokens, apart for each owner, and gone
// when it shall go.

import Dispatch
import TestSupport
import Testing
import Transformer

@Suite struct PrefixCacheTests {
  private func engine(
    _ name: String = "llama", _ change: (inout EngineOptions) -> Void = { _ in }
  ) throws -> Engine {
    var options = EngineOptions()
    change(&options)
    return try Engine(
      TinyModel(name: name).load(.F16, contextLength: 1024), options: options)
  }

  private func run(
    _ engine: Engine, _ prompt: [Int32], owner: String? = "a", tokens: Int = 4
  ) async throws -> (ids: [Int32], cached: Int) {
    var request = GenerationRequest(prompt: prompt)
    request.sampling = .greedy
    request.maxTokens = tokens
    request.ignoreEndOfGeneration = true
    request.owner = owner
    var ids: [Int32] = []
    var cached = -1
    for try await event in try engine.generate(request) {
      switch event {
      case .token(let token): ids.append(token.id)
      case .finished(let summary): cached = summary.cachedPromptTokenCount
      }
    }
    return (ids, cached)
  }

  @Test(
    "A recurrent model goes on at the last state before another word",
    arguments: ["lfm2", "mamba", "qwen35", "nemotron_h", "falcon-h1"])
  func lastState(name: String) async throws {
    let engine = try engine(name)
    let model = TinyModel(name: name)
    let prompt = try model.tokens(200, seed: 3)
    _ = try await run(engine, prompt)
    let other = Array(prompt[..<190]) + (try model.tokens(10, seed: 4))
    let found = try await run(engine, other)
    #expect(found.cached == 160)
    let alone = try await run(engine, other, owner: "b")
    #expect(alone.cached == 0 && alone.ids == found.ids)
  }

  @Test(
    "A prompt is found again, all but the token that gives logits", arguments: ["llama", "gemma3"])
  func again(name: String) async throws {
    let engine = try engine(name)
    for length in [1, 2, 31, 32, 33, 64, 200] {
      let prompt = try TinyModel(name: name).tokens(length, seed: UInt64(length))
      let first = try await run(engine, prompt)
      let second = try await run(engine, prompt)
      #expect(first.cached == 0)
      #expect(second.cached == length - 1, "also in the middle of a page")
      #expect(first.ids == second.ids)
    }
  }

  @Test("A conversation goes on where it was, and may branch")
  func conversation() async throws {
    let engine = try engine()
    let text = try TinyModel(name: "llama").tokens(300, seed: 1)
    let opening = Array(text.prefix(100))
    let answer = try await run(engine, opening, tokens: 10).ids
    // The last token of an answer was never computed.
    let longer = try await run(engine, opening + answer + text[100..<150])
    #expect(longer.cached == 109)
    let branch = try await run(engine, opening + text[200..<250])
    #expect(branch.cached == 100)
    let shorter = try await run(engine, Array(text.prefix(40)))
    #expect(shorter.cached == 39)
  }

  @Test("The state of a recurrent layer is found where it was kept", arguments: ["lfm2", "mamba"])
  func states(name: String) async throws {
    let engine = try engine(name)
    let text = try TinyModel(name: name).tokens(300, seed: 1)
    let opening = Array(text.prefix(100))
    let answer = try await run(engine, opening, tokens: 10).ids
    // Kept are the states at the end of the prompt's last whole page, and at the answer's end.
    #expect(try await run(engine, opening).cached == 96)
    let longer = opening + answer + text[100..<150]
    let found = try await run(engine, longer)
    #expect(found.cached == 109)
    #expect(try await run(engine, longer, owner: nil).ids == found.ids)
    #expect(try await run(engine, Array(text.prefix(40))).cached % 32 == 0)
  }

  @Test("Of many prompts the one that has most in common is found")
  func longestOfMany() async throws {
    let engine = try engine()
    let random = try TinyModel(name: "llama").tokens(40 * 64, seed: 6)
    var known: [[Int32]] = []
    for number in 0..<40 {
      // Of three tokens only, so that many begin alike, also past the first page.
      var prompt = random[number * 64..<(number + 1) * 64].map { $0 % 3 }
      if number % 3 == 2 { prompt.replaceSubrange(0..<40, with: known[number / 2].prefix(40)) }
      prompt.removeLast(number % 5)
      let common = known.map { earlier in
        zip(prompt.dropLast(), earlier).prefix { $0 == $1 }.count
      }
      #expect(try await run(engine, prompt, tokens: 1).cached == common.max() ?? 0)
      known.append(prompt)
    }
  }

  @Test("What runs when its owner is forgotten is not remembered", .timeLimit(.minutes(10)))
  func forgottenWhileItRuns() async throws {
    let engine = try engine()
    var request = GenerationRequest(prompt: try TinyModel(name: "llama").tokens(90, seed: 2))
    request.maxTokens = 200
    request.owner = "a"
    // It cannot end before its owner is forgotten, however late that comes.
    let door = DispatchSemaphore(value: 0)
    request.ignoreEndOfGeneration = true
    request.observeLogits = { position, _ in
      if position == 95 { _ = door.wait(timeout: .now() + 60) }
    }
    do {
      for try await _ in try engine.generate(request) {
        engine.forget(owner: "a")
        door.signal()
        break
      }
    }
    request.observeLogits = nil
    while engine.pendingCount > 0 || engine.statistics.prefixBytes > 0 {
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(try await run(engine, request.prompt, owner: "a").cached == 0)
  }

  @Test("What an owner asked just before it was forgotten is not remembered")
  func forgottenBeforeItRuns() async throws {
    let engine = try engine()
    let busy = try engine.generate(GenerationRequest(prompt: [1, 2, 3]))
    for seed in 0..<20 as Range<UInt64> {
      var request = GenerationRequest(prompt: try TinyModel(name: "llama").tokens(90, seed: seed))
      request.maxTokens = 4
      request.owner = "a"
      let generation = try engine.generate(request)
      engine.forget(owner: "a")
      for try await _ in generation {}
      #expect(try await run(engine, request.prompt, owner: "a").cached == 0)
      engine.forget(owner: "a")
    }
    busy.cancel()
  }

  @Test("Owners share a public prefix and nothing after it")
  func publicPrefixes() async throws {
    let text = try TinyModel(name: "llama").tokens(200, seed: 5)
    let open = Array(text.prefix(100))
    let engine = try engine { $0.publicPrefixes = [open, [1, 2, 3]] }
    let first = try await run(engine, open + text[100..<150], owner: "a")
    #expect(first.cached == 0)
    // Whole pages of it; the rest of the last page is the owner's own.
    let second = try await run(engine, open + text[100..<150], owner: "b")
    #expect(second.cached == 96 && second.ids == first.ids)
    #expect(try await run(engine, open + text[150..<200], owner: nil).cached == 96)
    engine.forget(owner: "a")
    #expect(try await run(engine, open + text[110..<150], owner: "a").cached == 96)
    #expect(try await run(engine, Array(text.prefix(90)), owner: "c").cached == 0)
  }

  @Test("What is used longest ago goes first when memory is short")
  func leastRecentlyUsed() async throws {
    // One context of 1024 tokens is 32 pages, and a page to copy.
    let engine = try engine { $0.keyValueBytes = 0 }
    let model = TinyModel(name: "llama")
    let prompts = try (0..<5).map { try model.tokens(250, seed: UInt64(10 + $0)) }
    for prompt in prompts.prefix(3) { _ = try await run(engine, prompt) }
    #expect(try await run(engine, prompts[0]).cached == 249)
    for prompt in prompts.suffix(2) { _ = try await run(engine, prompt) }
    #expect(try await run(engine, prompts[0]).cached > 200)
    #expect(try await run(engine, prompts[1]).cached < 200)
  }

  @Test func `promise 20: what is remembered is its owner's alone, and goes when it shall`()
    async throws
  {
    let prompt = try TinyModel(name: "llama").tokens(90, seed: 20)
    let lasting = try self.engine()
    _ = try await run(lasting, prompt, owner: "a")
    #expect(try await run(lasting, prompt, owner: "b").cached == 0)
    #expect(try await run(lasting, prompt, owner: "a").cached == 89)
    lasting.forget(owner: "a")
    #expect(try await run(lasting, prompt, owner: "a").cached == 0)
    #expect(try await run(lasting, prompt, owner: "b").cached == 89)
    let engine = try engine { $0.prefixLifetime = .milliseconds(50) }
    _ = try await run(engine, prompt, owner: "b")
    let deadline = ContinuousClock.now + .seconds(20)
    while engine.statistics.usedMemoryBytes > 0, ContinuousClock.now < deadline {
      await Task.yield()
    }
    #expect(engine.statistics.usedMemoryBytes == 0)
    #expect(try await run(engine, prompt, owner: "b").cached == 0)
  }

  @Test("Memory that is only remembered is told apart from what runs", .timeLimit(.minutes(10)))
  func statistics() async throws {
    let engine = try engine()
    var request = GenerationRequest(prompt: try TinyModel(name: "llama").tokens(90, seed: 3))
    _ = try await run(engine, request.prompt)
    while engine.pendingCount > 0 { await Task.yield() }
    let remembered = engine.statistics
    #expect(remembered.prefixBytes > 0 && remembered.prefixBytes == remembered.usedMemoryBytes)
    // Of the three pages the whole ones are now used, and of the last one there is a copy.
    let door = DispatchSemaphore(value: 0)
    request.owner = "a"
    request.ignoreEndOfGeneration = true
    request.maxTokens = 20
    request.observeLogits = { position, _ in
      if position == 95 { _ = door.wait(timeout: .now() + 60) }
    }
    var events = try engine.generate(request).makeAsyncIterator()
    _ = try await events.next()
    #expect(engine.statistics.prefixBytes <= remembered.prefixBytes / 3)
    door.signal()
    while try await events.next() != nil {}
  }

  @Test("Nothing is remembered where that is not wanted")
  func off() async throws {
    let prompt = try TinyModel(name: "llama").tokens(90, seed: 4)
    let without = try engine { $0.remembersPrefixes = false }
    for _ in 0..<2 { #expect(try await run(without, prompt).cached == 0) }
    let engine = try engine()
    for _ in 0..<2 { #expect(try await run(engine, prompt, owner: nil).cached == 0) }
    #expect(engine.statistics.prefixBytes == 0)
  }
}
