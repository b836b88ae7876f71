// The rows of experts: how they get to each and back, and what stands between products.

package import KernelInterface

/// A row that goes to an expert.
package struct ExpertChoice: Sendable {
  /// Its number, from 0 on.
  package let expert: Int
  /// A row of the batch.
  package let row: Int
  /// The factor on what the expert gives.
  package let weight: Float

  package init(expert: Int, row: Int, weight: Float) {
    self.expert = expert
    self.row = row
    self.weight = weight
  }
}

/// The rows of one expert, one behind the other in the memory of their group.
package struct ExpertRun: Sendable {
  /// Its number, from 0 on.
  package let expert: Int
  /// Where its choices stand among all.
  package let choices: Range<Int>
  /// The row of memory that the first one takes.
  package let place: Int

  /// Rows.
  package var count: Int { choices.count }
}

/// Experts whose rows fit into memory together: each step takes all of them in one parallel region.
package struct ExpertGroup: Sendable {
  /// What the group takes, expert by expert.
  package let choices: ArraySlice<ExpertChoice>
  /// Its experts, each with the places of its rows.
  package let runs: [ExpertRun]

  /// Takes experts from the front of `choices`, which stand expert by expert.
  ///
  /// - Parameter capacity: rows of memory; no expert has more.
  package init(_ choices: ArraySlice<ExpertChoice>, capacity: Int) {
    var runs: [ExpertRun] = []
    var (first, place) = (choices.startIndex, 0)
    while first < choices.endIndex {
      let expert = choices[first].expert
      let end = choices[first...].firstIndex { $0.expert != expert } ?? choices.endIndex
      let room = ActivationLayout.room(rows: end - first)
      guard
        place == 0
          || place + (end - first) <= capacity
            && place + room <= ActivationLayout.room(rows: max(2, capacity))
      else { break }
      runs.append(ExpertRun(expert: expert, choices: first..<end, place: place))
      (first, place) = (end, place + room)
    }
    self.choices = choices[choices.startIndex..<first]
    self.runs = runs
  }
}

/// A vector for each expert of a layer, which is added to what a product gives.
package struct ExpertBiases: Sendable {
  package static let none = ExpertBiases([])

  /// By the experts' numbers; empty where there are none.
  private let vectors: [Vector]

  package init(_ vectors: [Vector]) { self.vectors = vectors }

  /// Whether there are none.
  package var isEmpty: Bool { vectors.isEmpty }

  fileprivate subscript(expert: Int) -> Vector? { vectors.isEmpty ? nil : vectors[expert] }

  fileprivate func add(of expert: Int, to rows: FloatRows, row: Int) {
    guard let bias = self[expert] else { return }
    let (from, to) = (bias.values, rows.row(row))
    for column in 0..<bias.count { to[column] += from[column] }
  }
}

extension Compute {
  /// Brings the rows of a group together, quantised where the products that follow ask for it.
  ///
  /// - Parameter areWeighed: whether each is multiplied by its choice's weight.
  package func gather(
    _ source: FloatRows, _ group: ExpertGroup, areWeighed: Bool = false, into target: Activations,
    quantised scaling: ActivationScaling?
  ) {
    forEachChoice(group) { choice, run, index in
      let target = target.rows(from: run.place)
      let values = target.floats.row(index)
      values.update(from: source.row(choice.row), count: target.columns)
      if areWeighed {
        for column in 0..<target.columns { values[column] *= choice.weight }
      }
      if let scaling { quantise(target, scaling, row: index, target.layout(rows: run.count)) }
    }
  }

  /// `gate = activation(gate) × up` for the rows of a group, into `output`.
  ///
  /// - Parameter biases: what is added before to `gate` and to `up`.
  package func gate(
    _ activation: Activation, gate: FloatRows, up: FloatRows, _ group: ExpertGroup,
    biases: (gate: ExpertBiases, up: ExpertBiases) = (.none, .none), into output: Activations,
    quantised scaling: ActivationScaling?
  ) {
    forEachChoice(group) { _, run, index in
      let (gate, up) = (gate.rows(from: run.place), up.rows(from: run.place))
      biases.gate.add(of: run.expert, to: gate, row: index)
      biases.up.add(of: run.expert, to: up, row: index)
      self.gate(
        activation, gate: gate, up: up, into: output.rows(from: run.place), row: index,
        output.layout(rows: run.count), quantised: scaling)
    }
  }

  /// `activation(input)` for the rows of a group, into `output`.
  ///
  /// - Parameter biases: what is added to `input` before.
  package func activate(
    _ activation: PlainActivation, _ input: FloatRows, _ group: ExpertGroup,
    biases: ExpertBiases = .none, into output: Activations, quantised scaling: ActivationScaling?
  ) {
    forEachChoice(group) { _, run, index in
      let input = input.rows(from: run.place)
      biases.add(of: run.expert, to: input, row: index)
      activate(
        activation, input, into: output.rows(from: run.place), row: index,
        output.layout(rows: run.count), quantised: scaling)
    }
  }

  /// Adds scale × weight × (factor × the rows of a group + bias) to the rows that they came from,
  /// expert by expert.
  ///
  /// - Parameters:
  ///   - areWeighed: whether they have had their weights before.
  ///   - factors: of the experts; nil for none.
  package func scatter(
    _ source: FloatRows, _ group: ExpertGroup, scale: Float, areWeighed: Bool = false,
    factors: [Float]? = nil, biases: ExpertBiases = .none, to target: FloatRows, columns: Int
  ) {
    // A thread takes some columns of all rows, so that no two write to one place.
    pool.forEach(columns, grain: max(256, columns / (2 * pool.threadCount))) { range, _ in
      for run in group.runs {
        let own = factors?[run.expert] ?? 1
        let bias = biases[run.expert]?.values
        for (index, choice) in group.choices[run.choices].enumerated() {
          let (from, to) = (source.row(run.place + index), target.row(choice.row))
          let factor = areWeighed ? scale : scale * choice.weight
          if let bias {
            for column in range { to[column] += factor * (from[column] * own + bias[column]) }
          } else {
            for column in range { to[column] += factor * (from[column] * own) }
          }
        }
      }
    }
  }

  /// Runs `body` for each choice of a group with its run and its number in it.
  private func forEachChoice(
    _ group: ExpertGroup, _ body: (_ choice: ExpertChoice, _ run: ExpertRun, _ index: Int) -> Void
  ) {
    let count = group.choices.count
    pool.forEach(count, grain: max(1, count / (4 * pool.threadCount))) { range, _ in
      let base = group.choices.startIndex
      var number = 0
      for index in base + range.lowerBound..<base + range.upperBound {
        while index >= group.runs[number].choices.upperBound { number += 1 }
        let run = group.runs[number]
        body(group.choices[index], run, index - run.choices.lowerBound)
      }
    }
  }
}
