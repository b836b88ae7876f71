// Keys and values of prompts and answers that are over, to be found again by their tokens.

import KernelInterface
import Tokenizer

/// A radix tree of pages for each owner: the edge to a node is the page's tokens.
///
/// A page is found by the tokens that lead to it and by nothing else, so its contents are what
/// computing them again would give. Owners have trees of their own and never meet; the tree of nobody
/// (nil) is for all.
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
      var best: (node: Node, length: Int)?
      for node in level {
        let length = Self.commonCount(node.tokens, rest)
        if length > (best?.length ?? 0) { best = (node, length) }
      }
      guard let (node, length) = best else { break }
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
    keep(tokens, pages[...], in: &roots[owner, default: []], now)
    if roots[owner]?.isEmpty == true { roots.removeValue(forKey: owner) }
  }

  private func keep(
    _ tokens: ArraySlice<TokenID>, _ pages: ArraySlice<MemoryPage>, in level: inout [Node],
    _ now: ContinuousClock.Instant
  ) {
    guard let page = pages.first, !tokens.isEmpty else { return }
    let edge = tokens.prefix(cacheBlockPositionCount)
    let (rest, later) = (tokens.dropFirst(edge.count), pages.dropFirst())
    for node in level {
      let length = Self.commonCount(node.tokens, edge)
      guard length == min(node.tokens.count, edge.count) else { continue }
      node.lastUse = now
      // What is known already is shorter, or lacks what lies in windows: ours is better.
      if length < edge.count || (!node.page.isWhole && page.isWhole && length == edge.count) {
        node.tokens = edge
        node.page = page
      }
      return keep(rest, later, in: &node.children, now)
    }
    let node = Node(edge, page, now)
    level.append(node)
    keep(rest, later, in: &node.children, now)
  }

  // MARK: Forgetting

  /// Forgets what was used longest ago and by no running sequence, ends before beginnings, until
  /// the pool has `blocks` free blocks or nothing is left to forget.
  func makeRoom(blocks: Int) {
    while pool.freeCount < blocks {
      let before = pool.freeCount
      var places: [Place] = []
      visit { node, depth in
        if Self.isUnused(node) { places.append(Place(lastUse: node.lastUse, depth: depth)) }
      }
      guard !places.isEmpty else { return }
      places.sort()
      let pages = (blocks - before + pool.layers.count - 1) / max(1, pool.layers.count)
      let last = places[min(pages, places.count) - 1]
      removeAll { node, depth in
        Place(lastUse: node.lastUse, depth: depth) <= last && Self.isUnused(node)
      }
      if pool.freeCount == before { return }
    }
  }

  /// The order in which nodes are forgotten. What follows a node was not used later and lies
  /// deeper, so it goes first.
  private struct Place: Comparable {
    let lastUse: ContinuousClock.Instant
    let depth: Int

    static func < (a: Place, b: Place) -> Bool {
      a.lastUse < b.lastUse || (a.lastUse == b.lastUse && a.depth > b.depth)
    }
  }

  /// Blocks that `makeRoom` could free.
  var unusedBlockCount: Int {
    var count = 0
    visit { node, _ in
      guard Self.isUnused(node) else { return }
      count += node.page.isWhole ? pool.layers.count : node.page.blocks.count { $0 != nil }
    }
    return count
  }

  /// Forgets what was last used before `time`.
  func forget(usedBefore time: ContinuousClock.Instant) {
    removeAll { node, _ in node.lastUse < time }
  }

  /// Forgets all of an owner.
  func forget(owner: String) { roots.removeValue(forKey: owner) }

  private static func isUnused(_ node: Node) -> Bool { isKnownUniquelyReferenced(&node.page) }

  private func visit(_ body: (_ node: Node, _ depth: Int) -> Void) {
    func walk(_ nodes: [Node], _ depth: Int) {
      for node in nodes {
        body(node, depth)
        walk(node.children, depth + 1)
      }
    }
    for nodes in roots.values { walk(nodes, 0) }
  }

  /// Removes nodes with all that follows them.
  private func removeAll(where isRemoved: (_ node: Node, _ depth: Int) -> Bool) {
    func prune(_ nodes: inout [Node], _ depth: Int) {
      for node in nodes { prune(&node.children, depth + 1) }
      nodes.removeAll { isRemoved($0, depth) }
    }
    for (owner, var nodes) in roots {
      prune(&nodes, 0)
      if nodes.isEmpty { roots.removeValue(forKey: owner) } else { roots[owner] = nodes }
    }
  }
}
