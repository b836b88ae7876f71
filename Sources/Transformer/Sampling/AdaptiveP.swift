// Adaptive-p (MrJackSpade 2025): tokens near a target probability become likelier, and the target moves
// against what was chosen lately.

/// What adaptive-p remembers of an answer.
package struct AdaptiveP: Sendable, Equatable {
  private let target: Double
  private let decay: Double
  /// The sum of the chosen tokens' probabilities, and of their weights, which fall with age.
  private var sum: Double
  private var weight: Double

  /// Logits fall from `peak` at the target: by the square of the distance near it, in proportion
  /// to it farther away. The distance is counted in widths.
  private static let (peak, sharpness, width) = (5.0, 10.0, 0.3)

  /// Before the first token: as if all tokens before had met the target.
  package init(target: Float, decay: Float) {
    self.target = Double(min(1, target))
    self.decay = Double(min(max(decay, 0), 0.99))
    weight = 1 / (1 - self.decay)
    sum = self.target * weight
  }

  /// The candidates with new logits, by their `probabilities`.
  package func reshaped(_ candidates: [Candidate], _ probabilities: [Double]) -> [Candidate] {
    let aim = min(max(2 * target - sum / weight, 0), 1)
    return zip(candidates, probabilities).map { candidate, probability in
      let distance = abs(probability - aim) / Self.width
      let logit = Self.peak - Self.sharpness * distance * distance / (1 + distance)
      return Candidate(id: candidate.id, logit: Float(logit))
    }
  }

  /// Takes account of a token that had `probability` before.
  package mutating func note(probability: Double) {
    sum = probability + decay * sum
    weight = 1 + decay * weight
  }
}
