// What the engine remembers of prompts and answers, and what requests of one prompt share.

import KernelInterface
import Tokenizer

extension EngineLoop {
  /// Wipes what is remembered for an owner; of what it has running nothing will be.
  func forget(_ owner: String) {
    prefixes.forget(owner: owner)
    for sequence in running + waiting where sequence.request.owner == owner {
      sequence.isForgotten = true
    }
  }

  /// - Parameter wholePages: leaves a last page out that is still written to, and would have to be
  ///   copied for it.
  func remember(_ sequence: EngineSequence, wholePages: Bool = false) {
    guard options.remembersPrefixes, !sequence.isPooled, let memory = sequence.memory else {
      return
    }
    if let owner = sequence.request.owner, !sequence.isForgotten {
      let count =
        wholePages
        ? memory.count / cacheBlockPositionCount * cacheBlockPositionCount : memory.count
      prefixes.keep(
        sequence.tokens.prefix(count), memory.sharedPages, owner: owner, now: .now)
    }
    let count = min(publicCount(sequence.tokens), memory.count)
    prefixes.keep(sequence.tokens.prefix(count), memory.sharedPages, owner: nil, now: .now)
  }

  /// Tokens at the beginning that all may know: those of a public prefix, as far as they fill pages.
  private func publicCount(_ tokens: [TokenID]) -> Int {
    options.publicPrefixes.lazy.filter { tokens.starts(with: $0) }
      .map { $0.count / cacheBlockPositionCount * cacheBlockPositionCount }.max() ?? 0
  }

  /// What is remembered of the beginning of a sequence, by its owner or by all.
  func known(_ sequence: EngineSequence) -> (pages: [MemoryPage], count: Int) {
    guard !sequence.readsWholePrompt else { return ([], 0) }
    // The last token is computed in any case, for its logits.
    let tokens = sequence.tokens.dropLast()
    let owners = [sequence.request.owner, sequence.request.sharedPrompt.map(Self.owner(of:))]
    var best = prefixes.find(tokens.prefix(publicCount(sequence.tokens)), owner: nil, now: .now)
    for owner in owners.compactMap(\.self) {
      let found = prefixes.find(tokens, owner: owner, now: .now)
      if found.count >= best.count { best = found }
    }
    return best
  }

  // MARK: Prompts that requests share

  /// Whether another request computes the same prompt first.
  func waitsForPrompt(_ sequence: EngineSequence) -> Bool {
    guard let shared = sequence.request.sharedPrompt, sequence.isBeforeAnswer else { return false }
    return (running + waiting).contains {
      $0.request.sharedPrompt === shared && $0.number < sequence.number && $0.isBeforeAnswer
    }
  }

  /// Keeps the prompt of a sequence for those that wait for it.
  func share(_ sequence: EngineSequence) {
    guard let shared = sequence.request.sharedPrompt, let memory = sequence.memory,
      waiting.contains(where: { $0.request.sharedPrompt === shared })
    else { return }
    prefixes.keep(
      sequence.tokens.prefix(memory.count), memory.sharedPages, owner: Self.owner(of: shared),
      now: .now)
    sharedPrompts.insert(ObjectIdentifier(shared))
  }

  /// Forgets shared prompts for which nobody waits any more.
  func forgetShared() {
    guard !sharedPrompts.isEmpty else { return }
    let wanted = Set(waiting.compactMap { $0.request.sharedPrompt.map(ObjectIdentifier.init) })
    for id in sharedPrompts.subtracting(wanted) { prefixes.forget(owner: Self.owner(id)) }
    sharedPrompts.formIntersection(wanted)
  }

  /// Under which name a shared prompt is kept; no owner has such a one.
  private static func owner(of shared: SharedPrompt) -> String { owner(ObjectIdentifier(shared)) }

  private static func owner(_ id: ObjectIdentifier) -> String { "\u{0}\(id)" }
}
