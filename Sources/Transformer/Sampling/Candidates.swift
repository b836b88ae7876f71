// The tokens that are still possible, with their logits.

package import Tokenizer

/// A token that may come next.
package struct Candidate: Sendable, Equatable {
  package var id: TokenID
  package var logit: Float

  /// Likelier first, and of equals the lower id first.
  static func precedes(_ a: Candidate, _ b: Candidate) -> Bool {
    a.logit > b.logit || (a.logit == b.logit && a.id < b.id)
  }
}

/// The likeliest token; of equals the lowest id. Numbers that are not finite do not count, and
/// with none that is, it is token 0.
package func likeliest(_ logits: [Float]) -> TokenID {
  var best = 0
  var value = -Float.infinity
  for (id, logit) in logits.enumerated() where logit > value && logit.isFinite {
    best = id
    value = logit
  }
  return TokenID(best)
}

/// The `count` likeliest candidates in order.
package func topCandidates(_ logits: [Float], count: Int) -> [Candidate] {
  // A heap of the best so far, the worst of them at the root.
  var heap: [Candidate] = []
  heap.reserveCapacity(count)
  for (id, logit) in logits.enumerated() where logit.isFinite {
    if heap.count < count {
      heap.append(Candidate(id: TokenID(id), logit: logit))
      if heap.count == count {
        for root in stride(from: count / 2 - 1, through: 0, by: -1) { siftDown(&heap, root) }
      }
    } else if logit > heap[0].logit {
      heap[0] = Candidate(id: TokenID(id), logit: logit)
      siftDown(&heap, 0)
    }
  }
  return heap.sorted(by: Candidate.precedes)
}

/// The `count` likeliest of `candidates` in order; all where there are no more.
func topCandidates(of candidates: [Candidate], count: Int) -> [Candidate] {
  // A large part is sorted as quickly with the rest.
  if count >= candidates.count / 8 {
    return Array(candidates.sorted(by: Candidate.precedes).prefix(count))
  }
  var heap = Array(candidates.prefix(count))
  for root in stride(from: count / 2 - 1, through: 0, by: -1) { siftDown(&heap, root) }
  for candidate in candidates.dropFirst(count)
  where Candidate.precedes(candidate, heap[0]) {
    heap[0] = candidate
    siftDown(&heap, 0)
  }
  return heap.sorted(by: Candidate.precedes)
}

/// How much weight lies within which distance, in steps of a 16th, so that no more has to be sorted
/// than what a sum of weights takes.
struct WeightsByDistance {
  private var sums = [Double](repeating: 0, count: 1_024)

  /// - Parameter distance: at least 0.
  mutating func add(_ weight: Double, at distance: Double) {
    sums[Int(min(distance * 16, Double(sums.count - 1)))] += weight
  }

  /// A distance within which there is as much as `goal`, and a little more for the rounding of sums.
  func distance(holding goal: Double) -> Double {
    var sum = 0.0
    for (step, weight) in sums.enumerated().dropLast(2) {
      sum += weight
      if sum >= goal { return Double(step + 2) / 16 }
    }
    return .infinity
  }
}

private func siftDown(_ heap: inout [Candidate], _ start: Int) {
  var root = start
  while 2 * root + 1 < heap.count {
    var child = 2 * root + 1
    if child + 1 < heap.count, Candidate.precedes(heap[child], heap[child + 1]) { child += 1 }
    guard Candidate.precedes(heap[root], heap[child]) else { return }
    heap.swapAt(root, child)
    root = child
  }
}
