// Keys and values of prompts and answers that are over, to be found again by their tokens.

import KernelInterface
import Tokenizer

/// A radix tree of pages for each owner: the edge to a node is the page's tokens.
///
/// A page is found by the tokens that lead to it and by nothing else, so its contents are what
/// computing them again would give. Owners have trees of their own and never meet; the tree of nobody
/// (nil) is for all.
///
/// Nodes of a level are sorted by their tokens, and none begins with all tokens of another: what an
/// owner's thousand prompts cost the next one is a search among them, before its first token.
final class PrefixCache {
  private final class Node {
    /// The page's tokens, 32 but for a leaf.
    var tokens: ArraySlice<TokenID>
    var page: MemoryPage
    var children: [Node] = []
    /// When a sequence last began with it; not earlier than any child's.
    var lastUse: ContinuousClock.Instant

    init(_ tokens: ArraySlice<TokenID>, _ page: MemoryPage, _ lastUse: ContinuousClock.Instant) {
      self.tokens = tokens
      self.page = page
      self.lastUse = lastUse
    }

    /// Lets go of what follows level by level: a long prompt is deeper than a stack.
    deinit {
      var left = children
      children = []
      while let node = left.popLast() {
        left += node.children
        node.children = []
      }
    }
  }

  private var roots: [String?: [Node]] = [:]
  private let pool: BlockPool

  init(_ pool: BlockPool) { self.pool = pool }

  var isEmpty: Bool { roots.isEmpty }

  // MARK: Finding

  /// The longest known beginning of `tokens`: its pages, the last one perhaps in part, and its
  /// length. Sliding windows must be whole where the next token looks, and recurrent layers need their
  /// state at the very place.
  func find(
    _ tokens: ArraySlice<TokenID>, owner: String?, now: ContinuousClock.Instant
  ) -> (pages: [MemoryPage], count: Int) {
    var pages: [MemoryPage] = []
    var count = 0
    var level = roots[owner] ?? []
    while count < tokens.count {
      let rest = tokens.dropFirst(count)
      guard let (node, length) = Self.nearest(rest, in: level) else { break }
      node.lastUse = now
      pages.append(node.page)
      count += length
      if pool.isRecurrent, length < node.tokens.count {
        count -= length
        pages.removeLast()
        break
      }
      guard length == cacheBlockPositionCount else { break }
      level = node.children
    }
    while count > 0, !windowsAreWhole(pages, count) {
      count = (count - 1) / cacheBlockPositionCount * cacheBlockPositionCount
      pages.removeLast(pages.count - BlockPool.pageCount(count))
    }
    return (pages, count)
  }

  private func windowsAreWhole(_ pages: [MemoryPage], _ count: Int) -> Bool {
    guard let window = pool.widestWindow else { return true }
    let first = max(0, count - window) / cacheBlockPositionCount
    return pages[first...].allSatisfy(\.isWhole)
  }

  /// Where `tokens` stand in a level, or would.
  private static func place(of tokens: ArraySlice<TokenID>, in level: [Node]) -> Int {
    var (low, high) = (0, level.count)
    while low < high {
      let middle = (low + high) / 2
      if level[middle].tokens.lexicographicallyPrecedes(tokens) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }

  /// The node that has most in common with the beginning of `tokens`, and how much; nil for nothing.
  private static func nearest(
    _ tokens: ArraySlice<TokenID>, in level: [Node]
  ) -> (node: Node, length: Int)? {
    let place = place(of: tokens, in: level)
    var best: (node: Node, length: Int)?
    for node in level[max(0, place - 1)..<min(level.count, place + 1)] {
      let length = commonCount(node.tokens, tokens)
      if length > best?.length ?? 0 { best = (node, length) }
    }
    return best
  }

  private static func commonCount(_ a: ArraySlice<TokenID>, _ b: ArraySlice<TokenID>) -> Int {
    var count = 0
    for (x, y) in zip(a, b) {
      guard x == y else { break }
      count += 1
    }
    return count
  }

  // MARK: Keeping

  /// Keeps the pages of a sequence's tokens.
  func keep(
    _ tokens: ArraySlice<TokenID>, _ pages: [MemoryPage], owner: String?,
    now: ContinuousClock.Instant
  ) {
    var rest = tokens
    var parent: Node?
    for page in pages {
      guard !rest.isEmpty else { return }
      let edge = rest.prefix(cacheBlockPositionCount)
      rest = rest.dropFirst(edge.count)
      parent = keep(page, edge, after: parent, owner: owner, now)
    }
  }

  /// Keeps one page, unless it is known. Gives its node.
  private func keep(
    _ page: MemoryPage, _ edge: ArraySlice<TokenID>, after parent: Node?, owner: String?,
    _ now: ContinuousClock.Instant
  ) -> Node {
    let level = parent.map(\.children) ?? roots[owner] ?? []
    if let (node, length) = Self.nearest(edge, in: level),
      length == min(node.tokens.count, edge.count)
    {
      node.lastUse = now
      // What is known already is shorter, or lacks what lies in windows: ours is better.
      if length < edge.count || (!node.page.isWhole && page.isWhole && length == edge.count) {
        node.tokens = edge
        node.page = page
      }
      return node
    }
    let node = Node(edge, page, now)
    let place = Self.place(of: edge, in: level)
    if let parent {
      parent.children.insert(node, at: place)
    } else {
      roots[owner, default: []].insert(node, at: place)
    }
    return node
  }

  // MARK: Forgetting

  /// Forgets what was used longest ago and by no running sequence, ends before beginnings, until
  /// the pool has `blocks` free blocks or nothing is left to forget. It looks at everything that is
  /// remembered, so it does not free less than a thirty-second of the pool, or each request to a full
  /// pool would do that before its first token.
  func makeRoom(blocks: Int) {
    guard pool.freeCount < blocks else { return }
    let blocks = max(blocks, pool.blockCount / Self.shareFreed)
    while pool.freeCount < blocks {
      let before = pool.freeCount
      var places: [Place] = []
      visit { node, depth in
        if Self.isUnused(node) { places.append(Place(node, depth)) }
      }
      guard !places.isEmpty else { return }
      places.sort()
      // Pages hold different numbers of blocks, some none.
      var (freed, count) = (0, 0)
      while count < places.count, before + freed < blocks {
        freed += places[count].blockCount
        count += 1
      }
      let last = places[count - 1]
      removeAll { node, depth in
        Place(node, depth) <= last && Self.isUnused(node)
      }
    }
  }

  /// What part of the pool is freed at once, at least: one of so many.
  private static let shareFreed = 32

  /// The order in which nodes are forgotten. What follows a node was not used later and lies
  /// deeper, so it goes first.
  private struct Place: Comparable {
    let lastUse: ContinuousClock.Instant
    let depth: Int
    let blockCount: Int

    init(_ node: Node, _ depth: Int) {
      lastUse = node.lastUse
      self.depth = depth
      blockCount = node.page.blockCount
    }

    static func < (a: Place, b: Place) -> Bool {
      a.lastUse < b.lastUse || (a.lastUse == b.lastUse && a.depth > b.depth)
    }
  }

  /// Forgets what was last used before `time`.
  func forget(usedBefore time: ContinuousClock.Instant) {
    removeAll { node, _ in node.lastUse < time }
  }

  /// Forgets everything.
  func forgetAll() { roots.removeAll() }

  /// Forgets all of an owner.
  func forget(owner: String) { roots.removeValue(forKey: owner) }

  private static func isUnused(_ node: Node) -> Bool { isKnownUniquelyReferenced(&node.page) }

  private func visit(_ body: (_ node: Node, _ depth: Int) -> Void) {
    var left = roots.values.joined().map { (node: $0, depth: 0) }
    while let (node, depth) = left.popLast() {
      body(node, depth)
      for child in node.children { left.append((child, depth + 1)) }
    }
  }

  /// Removes nodes with all that follows them.
  private func removeAll(where isRemoved: (_ node: Node, _ depth: Int) -> Bool) {
    for (owner, nodes) in roots {
      let kept = nodes.filter { !isRemoved($0, 0) }
      roots[owner] = kept.isEmpty ? nil : kept
    }
    visit { node, depth in node.children = node.children.filter { !isRemoved($0, depth + 1) } }
  }
}
