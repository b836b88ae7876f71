// Several models in one process: loaded when they are asked for, unloaded when nobody uses them.

/// Engines by name. An engine is started when it is first asked for, and let go of when it was idle for
/// too long, or when another one needs its place. Whoever still holds it can end what it began; then it
/// stops and gives its memory back.
public actor EngineStore {
  /// Starts an engine. Is called on a thread of its own and may block.
  public typealias Loader = @Sendable () throws -> Engine

  private enum State {
    case loading(Task<Engine, any Error>)
    case loaded(Engine)
  }

  private struct Entry {
    let loader: Loader
    var state: State?
    /// When it was last asked for, or seen at work.
    var lastUse: ContinuousClock.Instant
  }

  private var entries: [String: Entry] = [:]
  private let idleTime: Duration
  private let limit: Int
  private var isStopped = false

  /// - Parameters:
  ///   - idleTime: `unloadIdle` lets go of an engine that nobody asked for, and that had no requests,
  ///     for so long.
  ///   - limit: engines that may be there at the same time, at least 1. When one more is asked for,
  ///     the one that was idle the longest goes first; one at work never does.
  public init(idleTime: Duration = .seconds(600), limit: Int = .max) {
    self.idleTime = idleTime
    self.limit = max(1, limit)
  }

  /// Makes an engine known; nothing is loaded yet. A name that is known keeps its engine.
  public func add(_ name: String, loader: @escaping Loader) {
    guard entries[name] == nil else { return }
    entries[name] = Entry(loader: loader, lastUse: .now)
  }

  /// All names, sorted.
  public var names: [String] { entries.keys.sorted() }

  /// The names of the engines that are there, sorted.
  public var loadedNames: [String] {
    entries.filter { if case .loaded = $0.value.state { true } else { false } }.keys.sorted()
  }

  /// The engine of a name, started if it is not there; nil for a name that is not known. Callers that
  /// come while it is loaded wait for the same engine.
  ///
  /// - Throws: what the loader throws, and the next caller tries again; `EngineError.stopped` after
  ///   `shutdown`, also to those who have waited for the engine since before.
  public func engine(named name: String) async throws -> Engine? {
    guard !isStopped else { throw EngineError.stopped }
    guard let entry = entries[name] else { return nil }
    entries[name]?.lastUse = .now
    switch entry.state {
    case .loaded(let engine): return engine
    case .loading(let task): return try await unlessStopped(task.value)
    case nil: break
    }
    makePlace()
    let loader = entry.loader
    let task = Task { try await Self.load(loader) }
    entries[name]?.state = .loading(task)
    do {
      let engine = try await unlessStopped(task.value)
      entries[name]?.state = .loaded(engine)
      entries[name]?.lastUse = .now
      return engine
    } catch {
      entries[name]?.state = nil
      throw error
    }
  }

  /// An engine that was loaded. Where the store was shut down meanwhile nobody gets it, and so it
  /// stops.
  private func unlessStopped(_ engine: Engine) throws(EngineError) -> Engine {
    guard !isStopped else { throw .stopped }
    return engine
  }

  /// Lets go of engines that were idle for too long. Call it now and then.
  ///
  /// - Parameters:
  ///   - now: the time.
  ///   - probes: requests of an engine, by its name, that are no use of it.
  /// - Returns: how many.
  @discardableResult
  public func unloadIdle(
    now: ContinuousClock.Instant = .now, notCounting probes: [String: Int] = [:]
  ) -> Int {
    var count = 0
    for (name, lastUse) in idleEngines(now: now, notCounting: probes)
    where now - lastUse >= idleTime {
      entries[name]?.state = nil
      count += 1
    }
    return count
  }

  /// Stops all engines, and what they compute with them. From then on there are none; one that is
  /// being loaded stops as soon as it is there.
  public func shutdown() async {
    isStopped = true
    let engines = entries.values.compactMap { entry -> Engine? in
      if case .loaded(let engine) = entry.state { engine } else { nil }
    }
    for name in entries.keys { entries[name]?.state = nil }
    do {
      try await onOwnThread { for engine in engines { engine.shutdown() } }
    } catch {
      // Without a thread to wait on, this one waits.
      for engine in engines { engine.shutdown() }
    }
  }

  /// Lets go of the engines that were idle the longest, until there is a place for one more.
  private func makePlace() {
    let excess = entries.values.count { $0.state != nil } - limit + 1
    guard excess > 0 else { return }
    for idle in idleEngines(now: .now).sorted(by: { $0.lastUse < $1.lastUse }).prefix(excess) {
      entries[idle.name]?.state = nil
    }
  }

  /// Engines without requests. Those at work count as used now.
  private func idleEngines(
    now: ContinuousClock.Instant, notCounting probes: [String: Int] = [:]
  ) -> [(name: String, lastUse: ContinuousClock.Instant)] {
    var idle: [(name: String, lastUse: ContinuousClock.Instant)] = []
    for (name, entry) in entries {
      guard case .loaded(let engine) = entry.state else { continue }
      if engine.pendingCount > probes[name, default: 0] {
        entries[name]?.lastUse = now
      } else {
        idle.append((name, entry.lastUse))
      }
    }
    return idle
  }

  private static func load(_ loader: @escaping Loader) async throws -> Engine {
    try await onOwnThread(loader)
  }
}
