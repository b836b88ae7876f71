// Several models in one process.

import Dispatch
import Synchronization
import TestSupport
import Testing
import Transformer

@Suite struct EngineStoreTests {
  /// Counts how often each engine was loaded.
  private final class Loads: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    func count(_ name: String) -> Int { counts.withLock { $0[name] ?? 0 } }

    func loader(_ name: String) -> EngineStore.Loader {
      { [self] in
        counts.withLock { $0[name, default: 0] += 1 }
        return try Engine(TinyModel(name: name).load(.F16))
      }
    }
  }

  private func store(_ loads: Loads, limit: Int = .max) async -> EngineStore {
    let store = EngineStore(idleTime: .seconds(60), limit: limit)
    for name in ["llama", "gemma3", "mamba"] { await store.add(name, loader: loads.loader(name)) }
    return store
  }

  @Test("An engine is loaded when it is asked for, once for all who ask")
  func loadsOnce() async throws {
    let loads = Loads()
    let store = await store(loads)
    #expect(await store.names == ["gemma3", "llama", "mamba"])
    #expect(await store.loadedNames.isEmpty)
    try await withThrowingTaskGroup(of: Engine?.self) { group in
      for _ in 0..<5 { group.addTask { try await store.engine(named: "llama") } }
      var engines: Set<ObjectIdentifier> = []
      for try await engine in group { engines.insert(ObjectIdentifier(try #require(engine))) }
      #expect(engines.count == 1)
    }
    #expect(loads.count("llama") == 1)
    #expect(await store.loadedNames == ["llama"])
    #expect(try await store.engine(named: "nobody") == nil)
  }

  @Test("An idle engine goes after its time, one at work stays")
  func idle() async throws {
    let loads = Loads()
    let store = await store(loads)
    let busy = try #require(try await store.engine(named: "llama"))
    weak let idle = try await store.engine(named: "gemma3")
    var request = GenerationRequest(prompt: [1, 2])
    request.ignoreEndOfGeneration = true
    request.shiftsContext = true
    let generation = try busy.generate(request)
    #expect(await store.unloadIdle() == 0, "nothing was idle for long")
    #expect(await store.unloadIdle(now: .now + .seconds(61)) == 1)
    #expect(await store.loadedNames == ["llama"])
    #expect(idle == nil, "nobody holds it")
    generation.cancel()
    for try await _ in generation {}
    _ = try await store.engine(named: "gemma3")
    #expect(loads.count("gemma3") == 2)
  }

  @Test("Where there is no place, the engine that was idle the longest goes")
  func limit() async throws {
    let loads = Loads()
    let store = await store(loads, limit: 2)
    for name in ["llama", "gemma3", "llama", "mamba"] {
      _ = try await store.engine(named: name)
    }
    #expect(await store.loadedNames == ["llama", "mamba"])
    #expect(loads.count("llama") == 1)
  }

  @Test("After a burst of engines at work no more are kept than there are places")
  func limitAfterABurst() async throws {
    let store = await store(Loads(), limit: 1)
    var request = GenerationRequest(prompt: [1, 2])
    request.ignoreEndOfGeneration = true
    request.shiftsContext = true
    var running: [Generation] = []
    for name in ["llama", "gemma3"] {
      let engine = try #require(try await store.engine(named: name))
      running.append(try engine.generate(request))
    }
    #expect(await store.loadedNames == ["gemma3", "llama"])
    for generation in running {
      generation.cancel()
      for try await _ in generation {}
    }
    for name in ["llama", "gemma3"] {
      while try await store.engine(named: name)?.pendingCount ?? 0 > 0 { await Task.yield() }
    }
    _ = try await store.engine(named: "mamba")
    #expect(await store.loadedNames == ["mamba"])
  }

  @Test(
    "An engine that is loaded while the store is shut down is nobody's", .timeLimit(.minutes(10)))
  func shutdownWhileLoading() async throws {
    let store = EngineStore()
    let (began, beginning) = AsyncStream.makeStream(of: Void.self)
    let door = DispatchSemaphore(value: 0)
    await store.add("model") {
      beginning.finish()
      door.wait()
      return try Engine(TinyModel(name: "llama").load(.F16))
    }
    let callers = (0..<2).map { _ in Task { try await store.engine(named: "model") } }
    for await _ in began {}
    await store.shutdown()
    door.signal()
    for caller in callers {
      await #expect(throws: EngineError.stopped) { try await caller.value }
    }
    await #expect(throws: EngineError.stopped) { try await store.engine(named: "model") }
    #expect(await store.loadedNames.isEmpty)
  }

  @Test("A loader that fails is asked again")
  func failure() async throws {
    let store = EngineStore()
    let attempts = Mutex(0)
    await store.add("model") {
      let attempt = attempts.withLock { value in
        value += 1
        return value
      }
      guard attempt > 1 else { throw CancellationError() }
      return try Engine(TinyModel(name: "llama").load(.F16))
    }
    await #expect(throws: CancellationError.self) { try await store.engine(named: "model") }
    #expect(try await store.engine(named: "model") != nil)
  }
}
