// Recurrent operations against their definitions, and their states over cuts of a sequence.

import KernelInterface
import TensorCore
import TestSupport
import Testing

@Suite struct RecurrenceTests {
  /// float32 sums of a few products.
  static let tolerance = 1e-5

  @Test("A convolution is the sum over the last inputs", arguments: [2, 3, 4], [1, 70, 128])
  func convolution(taps: Int, channels: Int) throws {
    var random = SeededGenerator(seed: UInt64(taps * channels))
    let count = 75
    let weights = random.floats(taps * channels)
    let bias = random.floats(channels)
    let convolution = CausalConvolution(
      try vector(weights), bias: try vector(bias), channelCount: channels, tapCount: taps)
    #expect(convolution.stateCount == (taps - 1) * channels)
    let input = (0..<count).map { _ in random.floats(channels) }
    for (threads, cuts) in Self.cuts(count) {
      let found = try run(input, channels, channels, convolution.stateCount, cuts, threads) {
        $0.convolve(convolution, $1, into: $2, runs: $3)
      }
      for t in 0..<count {
        for c in 0..<channels {
          let sum = (0..<taps).reduce(Double(bias[c])) { sum, k in
            let source = t - taps + 1 + k
            return source < 0
              ? sum : sum + Double(weights[c * taps + k]) * Double(input[source][c])
          }
          #expect(abs(Double(found[t][c]) - sum) < Self.tolerance)
        }
      }
    }
  }

  @Test(
    "A scan is the recurrence of its definition, in whatever parts its state lies",
    arguments: [8, 16], [16, 144])
  func scan(state: Int, channels: Int) throws {
    var random = SeededGenerator(seed: UInt64(state * channels))
    let count = 75
    let decay = random.floats(channels * state).map { -abs($0) - 0.1 }
    let (skip, bias) = (random.floats(channels), random.floats(channels))
    let scan = SelectiveScan(
      decay: try vector(decay), skip: try vector(skip), stepBias: try vector(bias),
      stateLength: state)
    let width = 3 * channels + 2 * state
    let input = (0..<count).map { _ in random.floats(width) }
    var expected: [[Double]] = []
    var memory = [Double](repeating: 0, count: channels * state)
    for row in input.map({ $0.map(Double.init) }) {
      expected.append(
        (0..<channels).map { c in
          let step = PlainKernels.softplus(row[2 * channels + c] + Double(bias[c]))
          var sum = Double(skip[c]) * row[c]
          for n in 0..<state {
            let place = c * state + n
            memory[place] =
              memory[place] * PlainKernels.exponential(step * Double(decay[place]))
              + step * row[c] * row[3 * channels + n]
            sum += memory[place] * row[3 * channels + state + n]
          }
          return sum * PlainKernels.silu(row[channels + c])
        })
    }
    for rowsOfPart in [1, 7, 64, 1000] {
      let partCount = 1 + (channels + rowsOfPart - 1) / rowsOfPart
      for (threads, cuts) in Self.cuts(count) {
        let found = try run(
          input, width, channels, rowsOfPart * state, cuts, threads, partCount: partCount
        ) {
          $0.scan(
            scan,
            SelectiveScan.Inputs(
              values: $1, gates: $1.columns(from: channels), steps: $1.columns(from: 2 * channels),
              writes: $1.columns(from: 3 * channels),
              reads: $1.columns(from: 3 * channels + state)),
            into: $2, runs: $3)
        }
        for (found, expected) in zip(found.joined(), expected.joined()) {
          #expect(abs(Double(found) - expected) < Self.tolerance * max(1, abs(expected)))
        }
      }
    }
  }

  @Test(
    "A delta rule is the recurrence of its definition, in whatever parts its matrices lie",
    arguments: [(1, 1), (2, 4), (3, 3)], [8, 24])
  func deltaRule(heads: (keys: Int, values: Int), keyLength: Int) throws {
    var random = SeededGenerator(seed: UInt64(heads.values * keyLength))
    let (count, valueLength, frontCount) = (75, 40, 5)
    let sizes = GatedDelta.Sizes(
      keyHeadCount: heads.keys, valueHeadCount: heads.values, keyLength: keyLength,
      valueLength: valueLength)
    let keyWidth = heads.keys * keyLength
    #expect(sizes.inputWidth == 2 * keyWidth + heads.values * valueLength)
    let decay = random.floats(heads.values).map { -abs($0) - 0.1 }
    let bias = random.floats(heads.values)
    let gates = sizes.inputWidth
    let rule = GatedDelta(
      sizes,
      heads: (0..<heads.values).map {
        GatedDelta.Head(
          keyHead: $0 % heads.keys, fade: gates + $0, strength: gates + heads.values + $0)
      }, decay: try vector(decay), stepBias: try vector(bias))
    let width = gates + 2 * heads.values
    // Longer keys than 1 let matrices grow without end.
    let input = (0..<count).map { _ in
      random.floats(width).enumerated().map { place, value in
        (keyWidth..<2 * keyWidth).contains(place)
          ? value / Float(keyLength).squareRoot() : value
      }
    }
    var matrices = [Double](repeating: 0, count: heads.values * valueLength * keyLength)
    var expected: [[Double]] = []
    for row in input.map({ $0.map(Double.init) }) {
      expected.append(
        (0..<heads.values * valueLength).map { channel in
          let head = channel / valueLength
          let key = (0..<keyLength).map { row[keyWidth + head % heads.keys * keyLength + $0] }
          let query = (0..<keyLength).map { row[head % heads.keys * keyLength + $0] }
          let step = PlainKernels.softplus(row[gates + head] + Double(bias[head]))
          let fade = PlainKernels.exponential(step * Double(decay[head]))
          let strength = 1 / (1 + PlainKernels.exponential(-row[gates + heads.values + head]))
          let place = channel * keyLength
          for n in 0..<keyLength { matrices[place + n] *= fade }
          let told = (0..<keyLength).reduce(0.0) { $0 + matrices[place + $1] * key[$1] }
          let correction = strength * (row[2 * keyWidth + channel] - told)
          for n in 0..<keyLength { matrices[place + n] += correction * key[n] }
          return (0..<keyLength).reduce(0.0) { $0 + matrices[place + $1] * query[$1] }
            / Double(keyLength).squareRoot()
        })
    }
    for rowsOfPart in [1, 7, 64, 1000] {
      let partCount = 1 + (sizes.outputWidth + rowsOfPart - 1) / rowsOfPart
      let partLength = max(frontCount, rowsOfPart * keyLength)
      guard partLength / keyLength == rowsOfPart else { continue }
      for (threads, cuts) in Self.cuts(count) {
        let found = try run(
          input, width, sizes.outputWidth, partLength, cuts, threads, partCount: partCount
        ) {
          $0.apply(rule, GatedDelta.Inputs(values: $1, gates: $1), into: $2, runs: $3)
        }
        for (found, expected) in zip(found.joined(), expected.joined()) {
          #expect(abs(Double(found) - expected) < 10 * Self.tolerance * max(1, abs(expected)))
        }
      }
    }
  }

  @Test("Vectors get the length 1, and gates close")
  func lengthsAndGates() throws {
    var random = SeededGenerator(seed: 6)
    let buffer = try AlignedBuffer(byteCount: 4 * 3 * 64)
    let rows = FloatRows(base: buffer.floats, stride: 64)
    let (input, gate) = (random.floats(48), random.floats(48))
    rows.write(input, row: 0)
    compute(threads: 1).normaliseLengths(rows, count: 3, length: 16, epsilon: 0.25, rows: 1)
    for (place, found) in rows.read(row: 0, count: 48).enumerated() {
      let vector = input[place / 16 * 16..<place / 16 * 16 + 16]
      let squares = vector.reduce(0.25) { $0 + Double($1) * Double($1) }
      #expect(abs(Double(found) - Double(input[place]) / squares.squareRoot()) < 1e-6)
    }
    rows.write(input, row: 0)
    rows.write(gate, row: 1)
    compute(threads: 1).multiply(rows, bySigmoidOf: rows.rows(from: 1), columns: 48, rows: 1)
    for (place, found) in rows.read(row: 0, count: 48).enumerated() {
      let open = 1 / (1 + PlainKernels.exponential(-Double(gate[place])))
      #expect(abs(Double(found) - Double(input[place]) * open) < 1e-6)
    }
  }

  @Test("A norm around the mean")
  func centredNorm() throws {
    var random = SeededGenerator(seed: 5)
    for count in [1, 7, 64, 130] {
      let weight = random.floats(count)
      let input = random.floats(count).map { $0 + 3 }
      let mean = input.reduce(0.0) { $0 + Double($1) } / Double(count)
      let expected = PlainKernels.rmsNorm(
        input.map { Float(Double($0) - mean) }, weight, epsilon: 1e-5)
      let buffer = try AlignedBuffer(byteCount: 4 * 2 * 160)
      let rows = FloatRows(base: buffer.floats, stride: 160)
      rows.write(input, row: 0)
      let output = Activations(
        floats: rows.rows(from: 1), quantised: UnsafeMutableRawPointer(buffer.floats),
        columns: count)
      compute(threads: 1).apply(
        Norm(try vector(weight), epsilon: 1e-5, isCentred: true), to: rows, rows: 1, into: output,
        quantised: nil)
      for (found, expected) in zip(rows.read(row: 1, count: count), expected) {
        #expect(abs(Double(found) - expected) < 1e-4)
      }
    }
  }

  /// Threads, and the lengths of runs that a sequence is computed in.
  static func cuts(_ count: Int) -> [(Int, [Int])] {
    [
      (1, [count]), (2, [count]), (1, [Int](repeating: 1, count: count)), (2, [31, 1, 1, 10, 32]),
      (2, [33, 30, 12]),
    ]
  }

  func compute(threads: Int) -> Compute {
    Compute(instructionSet: .current, pool: WorkerPool(threadCount: threads))
  }

  func vector(_ values: [Float]) throws -> Vector { try Vector(values) }

  /// Computes a sequence in runs. Gives `[rows, outputWidth]`. Of pages that none of them ends in, some keep
  /// no state.
  ///
  /// - Parameter stateCount: floats of each of the `partCount` parts of a state.
  func run(
    _ input: [[Float]], _ width: Int, _ outputWidth: Int, _ stateCount: Int, _ cuts: [Int],
    _ threads: Int, partCount: Int = 1,
    _ body: (Compute, _ input: FloatRows, _ output: FloatRows, [RecurrentRun]) -> Void
  ) throws -> [[Float]] {
    let pages = (input.count + cacheBlockPositionCount - 1) / cacheBlockPositionCount
    let states = try AlignedBuffer(byteCount: 4 * stateCount * pages * partCount)
    var ends: Set<Int> = []
    _ = cuts.reduce(0) { first, count in
      ends.insert((first + count - 1) / cacheBlockPositionCount)
      return first + count
    }
    let blocks = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(
      capacity: pages * partCount)
    defer { blocks.deallocate() }
    for place in 0..<pages * partCount {
      let isKept = ends.contains(place % pages) || place % pages % 2 == 1
      (blocks + place).initialize(
        to: isKept ? UnsafeMutableRawPointer(states.floats + place * stateCount) : nil)
    }
    let stride = max(width, outputWidth) + 5
    let buffer = try AlignedBuffer(byteCount: 8 * stride * input.count)
    let rows = FloatRows(base: buffer.floats, stride: stride)
    let results = rows.rows(from: input.count)
    let compute = compute(threads: threads)
    var found: [[Float]] = []
    for count in cuts {
      let first = found.count
      for row in 0..<count { rows.write(input[first + row], row: row) }
      let run = RecurrentRun(
        rows: 0..<count, firstPosition: first,
        states: PageStates(blocks: blocks, partDistance: pages, partLength: stateCount))
      body(compute, rows, results, [run])
      found += (0..<count).map { results.read(row: $0, count: outputWidth) }
    }
    withExtendedLifetime((states, buffer)) {}
    return found
  }
}
