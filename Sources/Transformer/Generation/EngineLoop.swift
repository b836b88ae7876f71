// The engine's thread: one forward pass a step over everything that runs.

import Constraints
import KernelInterface
import TensorCore
import Tokenizer

/// Takes requests in, lets them run side by side, and tells what comes out. Used by the engine's
/// thread only.
///
/// A step takes the next token of each sequence that decodes and slices of the prompts of the
/// others. Reading a prompt, and reading a sequence again that had to give up its memory, is the
/// same: tokens that are not in memory yet.
final class EngineLoop: @unchecked Sendable {
  private let model: Model
  let options: EngineOptions
  private let mailbox: Mailbox
  private let pool: BlockPool
  private let workspace: Workspace
  private let next: EngineStep
  let prefixes: PrefixCache
  private let constraints: ConstraintCache
  private(set) var waiting: [EngineSequence] = []
  private(set) var running: [EngineSequence] = []
  private var shares = FairShares()
  /// Whether an owner may have nothing to compute any more.
  private var someoneLeft = false
  /// Sequences of whose prompts the next pass leaves something.
  private var behind: [EngineSequence] = []
  private var pace: StepPace
  private var statistics = EngineStatistics()
  /// Prompts that are kept for requests which wait for them.
  var sharedPrompts: Set<ObjectIdentifier> = []
  private var sequenceCount = 0
  private var lastSweep = ContinuousClock.now
  private var wordsForgotten = ContinuousClock.now

  /// More sequences than these fill the processor without guesses.
  private static let guessingSequences = 4
  /// Contexts that memory is taken for at most, where nobody says how much.
  private static let defaultContexts = 4

  /// - Throws: `AllocationError`.
  init(
    _ model: Model, options: EngineOptions, mailbox: Mailbox, constraints: ConstraintCache
  ) throws {
    self.constraints = constraints
    self.model = model
    self.options = options
    self.mailbox = mailbox
    let layers = model.decoder.blocks.memories
    let format = model.cacheFormat.stored
    let layout = BlockLayout(layers, format)
    func blockCount(contexts: Int, sequences: Int) -> Int {
      layout.blockCount(
        contexts: contexts, positions: model.contextLength, sequences: sequences)
    }
    let blocks =
      options.keyValueBytes.map { $0 / max(1, layout.blockBytes) }
      ?? blockCount(
        contexts: layout.contexts(atMost: Self.defaultContexts, positions: model.contextLength),
        sequences: options.sequenceLimit)
    pool = try BlockPool(
      layers: layers, format: format,
      blockCount: max(blockCount(contexts: 1, sequences: 1), blocks),
      isLocked: options.locksMemory)
    workspace = try Workspace(
      model.decoder.workspaceShape(contextLength: model.contextLength),
      // An encoder's text is one pass.
      maximumRows: max(2, options.rowLimit, model.info.isEncoder ? model.contextLength : 0),
      threadCount: model.threadCount, isLocked: options.locksMemory)
    next = EngineStep(threadCount: model.threadCount)
    prefixes = PrefixCache(pool)
    pace = StepPace(longestGap: options.longestGap)
    // The first request may come before the thread has begun.
    publish()
  }

  /// Works until the mailbox says stop.
  func run() {
    while true {
      let isIdle = running.isEmpty && waiting.isEmpty
      // It may wait for long, and what was told last is that there is work.
      if isIdle { publish() }
      // However short the lifetime, an idle thread sleeps.
      let delivery = mailbox.collect(
        isIdle: isIdle, timeout: max(options.prefixLifetime / 8, .milliseconds(10)))
      for submission in delivery.submissions {
        sequenceCount += 1
        waiting.append(
          EngineSequence(submission, number: sequenceCount, model: model, options))
      }
      // Also what came with those words.
      for owner in delivery.forgotten { forget(owner) }
      if delivery.isStopped { break }
      sweep()
      if running.isEmpty, waiting.isEmpty { pool.releaseIfUnused() }
      endCancelled()
      admit()
      forgetShared()
      publish()
      if !running.isEmpty { step() }
    }
    for sequence in running + waiting { sequence.finish(.init(.cancelled)) }
    (running, waiting) = ([], [])
    publish()
    mailbox.end()
  }

  /// Wipes what was not used for long; looks now and then.
  private func sweep() {
    let now = ContinuousClock.now
    guard now - lastSweep > options.prefixLifetime / 16 else { return }
    lastSweep = now
    prefixes.forget(usedBefore: now - options.prefixLifetime)
    constraints.forget(usedBefore: now - options.prefixLifetime)
    // The tokenizer remembers words of everybody, also of texts that no engine was asked for.
    guard now - wordsForgotten > options.prefixLifetime else { return }
    wordsForgotten = now
    model.tokenizer.forgetWords()
  }

  private func publish() {
    statistics.runningCount = running.count
    statistics.waitingCount = waiting.count
    statistics.slotCount = min(options.sequenceLimit, workspace.maximumRows / 2)
    statistics.pageBytes = pool.blockBytes
    statistics.memoryBytes = pool.byteCount
    let usedCount = pool.blockCount - pool.freeCount
    statistics.usedMemoryBytes = usedCount * pool.blockBytes
    statistics.prefixBytes = (usedCount - pool.heldCount) * pool.blockBytes
    mailbox.publish(statistics)
  }

  // MARK: Who runs

  private func endCancelled() {
    // Looked at once: callers set the flag meanwhile, and nobody must leave without having an end.
    let cancelled = waiting.filter(\.isCancelled)
    for sequence in cancelled { leave(sequence, .cancelled) }
    for sequence in running where sequence.isCancelled {
      end(sequence) { $0.finish(.init(.cancelled)) }
    }
    running.removeAll { $0.memory == nil }
    guard someoneLeft else { return }
    someoneLeft = false
    shares.keep(Set((running + waiting).map(\.shareOwner)))
  }

  /// Ends a sequence that waits.
  private func leave(_ sequence: EngineSequence, _ reason: FinishReason) {
    waiting.removeAll { $0 === sequence }
    sequence.finish(.init(reason))
    someoneLeft = true
  }

  /// Frees a sequence's memory, then tells its end: who hears of it finds the memory free. Nothing
  /// is remembered of a memory whose positions were not all computed.
  private func end(
    _ sequence: EngineSequence, isComputed: Bool = true, _ tell: (EngineSequence) -> Void
  ) {
    someoneLeft = true
    if isComputed { remember(sequence) }
    sequence.leave()
    tell(sequence)
  }

  /// Lets sequences run while there is room for them.
  private func admit() {
    while running.count < min(options.sequenceLimit, workspace.maximumRows / 2) {
      for sequence in waiting { shares.enter(sequence.shareOwner) }
      guard let sequence = shares.next(of: waiting.filter { !waitsForPrompt($0) }) else { return }
      if sequence.wantsNothing {
        leave(sequence, .length)
        continue
      }
      let memory = SequenceMemory(pool, capacity: model.contextLength)
      let found = known(sequence)
      memory.adopt(found.pages, count: found.count)
      // What it needs soon, and a page for each that runs already.
      let needed =
        memory.blocksNeeded(for: sequence.tokens.count - memory.count)
        + (running.count + 1) * pool.pageBlockCount
      if needed > pool.freeCount { prefixes.makeRoom(blocks: needed) }
      guard running.isEmpty || needed <= pool.freeCount else { return }
      waiting.removeAll { $0 === sequence }
      sequence.start(memory)
      running.append(sequence)
    }
  }

  /// Takes the memory of the youngest sequence and lets it wait for its next turn.
  private func setBackYoungest() {
    guard let youngest = running.max(by: { $0.number < $1.number }) else { return }
    running.removeAll { $0 === youngest }
    youngest.leave()
    waiting.append(youngest)
    statistics.setBackCount += 1
  }

  // MARK: One step

  private func step() {
    plan()
    while !makeRoom() {
      setBackYoungest()
      plan()
    }
    defer { next.removeAll() }
    shares.charge(next, behind: waiting + behind)
    let start = ContinuousClock.now
    do {
      try next.takePositions()
    } catch {
      // Room was made before: only a mistake of ours leads here, and it must not stop the others.
      for slice in next.slices { end(slice.sequence, isComputed: false) { $0.fail(error) } }
      running.removeAll { $0.memory == nil }
      return
    }
    next.forward(model, workspace)
    pace.note(
      .now - start, promptRows: next.rowCount - next.decodingCount, decoding: next.decodingCount)
    statistics.stepCount += 1
    for slice in next.slices { slice.memory.dropOutsideWindows() }
    next.forEachChoice { sequence, chosen in take(chosen, sequence) }
    for slice in next.slices where slice.sequence.isPooled && slice.sequence.pendingCount == 0 {
      end(slice.sequence) { $0.finish(.init(.stop)) }
    }
    running.removeAll { $0.memory == nil }
  }

  /// What the next forward pass takes: every sequence that decodes, and slices of prompts.
  private func plan(guessing: Bool = true) {
    next.removeAll()
    let guesses =
      guessing && running.count <= Self.guessingSequences
      ? workspace.maximumRows / max(1, running.count) - 1 : 0
    for sequence in running where sequence.isDecoding {
      guard let memory = sequence.memory else { continue }
      sequence.guess(atMost: guesses)
      next.append(sequence, memory, count: 1 + sequence.guesses.count)
    }
    let decoding = next.rowCount
    var room = pace.promptRows(decoding: decoding, room: workspace.maximumRows - decoding)
    behind = running.filter { !$0.isDecoding }
    while room > 0, let sequence = shares.next(of: behind), let memory = sequence.memory {
      // The first tokens of an encoder's text see the last ones.
      let count = model.info.isEncoder ? sequence.pendingCount : min(sequence.pendingCount, room)
      if count > room, next.rowCount > 0 { break }
      next.append(sequence, memory, count: count)
      room -= count
      // Where it is cut there is no more room.
      if count == sequence.pendingCount { behind.removeAll { $0 === sequence } }
    }
  }

  /// Whether the pool has the pages that the next pass needs, after what nobody uses was forgotten.
  private func makeRoom() -> Bool {
    let needed = next.blocksNeeded
    if needed > pool.freeCount { prefixes.makeRoom(blocks: needed) }
    if needed <= pool.freeCount { return true }
    for sequence in running { sequence.memory?.dropOutsideWindows(again: true) }
    if needed <= pool.freeCount { return true }
    if running.count == 1 || pool.isRecurrent {
      // One alone always fits, but for the copy of a recurrent state that its guesses need.
      plan(guessing: false)
      if next.blocksNeeded <= pool.freeCount { return true }
    }
    guard running.count == 1 else { return false }
    // States of prompts that it shares with what is remembered would stay for as long as it runs.
    prefixes.forgetAll()
    running[0].memory?.dropOutsideWindows(again: true)
    return true
  }

  /// A sequence has its next token, and perhaps some that were guessed.
  private func take(_ chosen: ArraySlice<TokenID>, _ sequence: EngineSequence) {
    guard let memory = sequence.memory else { return }
    if sequence.isBeforeAnswer {
      remember(sequence, wholePages: true)
      share(sequence)
    }
    let guessed = chosen.count - 1
    let known = memory.count - guessed
    let checkpoint = sequence.checkpoint
    let (right, ending) = sequence.accept(chosen)
    // What was computed for wrong guesses is nobody's.
    if let checkpoint { memory.goBack(to: known + right, or: checkpoint) }
    statistics.guessedTokenCount += guessed
    statistics.rightGuessCount += right
    if let ending { end(sequence) { $0.finish(ending) } }
  }
}
