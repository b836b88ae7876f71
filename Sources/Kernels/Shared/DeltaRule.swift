// The gated delta rule for one token: what rows of a matrix tell, and how they are corrected.

import KernelInterface

/// What rows tell for the key and for the query.
private typealias Told = (key: EightFloats, query: EightFloats)

/// Takes rows four by four: each alone would wait for its own sums.
@Sendable
func deltaRule(_ call: DeltaCall) {
  var keyQuery = EightFloats(repeating: 0)
  for first in stride(from: 0, to: call.length, by: 8) {
    keyQuery += loadEight(call.key + first) * loadEight(call.query + first)
  }
  let overlap = total(keyQuery)
  var row = 0
  while row + 4 <= call.rowCount {
    let told = fourRows(call, row)
    let first = answer(call, row, told[0], overlap)
    let second = answer(call, row + 1, told[1], overlap)
    let third = answer(call, row + 2, told[2], overlap)
    let fourth = answer(call, row + 3, told[3], overlap)
    correct(call, row, first, second, third, fourth)
    row += 4
  }
  while row < call.rowCount {
    correct(call, row, answer(call, row, oneRow(call, row), overlap))
    row += 1
  }
}

@inline(__always)
private func fourRows(_ call: DeltaCall, _ row: Int) -> InlineArray<4, Told> {
  let rows = call.matrix + row * call.length
  let zero = EightFloats(repeating: 0)
  var (keys0, keys1, keys2, keys3) = (zero, zero, zero, zero)
  var (queries0, queries1, queries2, queries3) = (zero, zero, zero, zero)
  for first in stride(from: 0, to: call.length, by: 8) {
    let (key, query) = (loadEight(call.key + first), loadEight(call.query + first))
    let x0 = loadEight(rows + first)
    keys0 += x0 * key
    queries0 += x0 * query
    let x1 = loadEight(rows + call.length + first)
    keys1 += x1 * key
    queries1 += x1 * query
    let x2 = loadEight(rows + 2 * call.length + first)
    keys2 += x2 * key
    queries2 += x2 * query
    let x3 = loadEight(rows + 3 * call.length + first)
    keys3 += x3 * key
    queries3 += x3 * query
  }
  return [(keys0, queries0), (keys1, queries1), (keys2, queries2), (keys3, queries3)]
}

@inline(__always)
private func oneRow(_ call: DeltaCall, _ row: Int) -> Told {
  let rows = call.matrix + row * call.length
  var told = (key: EightFloats(repeating: 0), query: EightFloats(repeating: 0))
  for first in stride(from: 0, to: call.length, by: 8) {
    let x = loadEight(rows + first)
    told.key += x * loadEight(call.key + first)
    told.query += x * loadEight(call.query + first)
  }
  return told
}

/// Writes a row's output, and gives what its key is added by.
@inline(__always)
private func answer(_ call: DeltaCall, _ row: Int, _ told: Told, _ overlap: Float) -> Float {
  let correction = (call.value[row] - call.fade * total(told.key)) * call.strength
  call.output[row] = (call.fade * total(told.query) + correction * overlap) * call.scale
  return correction
}

@inline(__always)
private func correct(
  _ call: DeltaCall, _ row: Int, _ first: Float, _ second: Float, _ third: Float, _ fourth: Float
) {
  let rows = call.matrix + row * call.length
  for place in stride(from: 0, to: call.length, by: 8) {
    let key = loadEight(call.key + place)
    add(key, call.fade, first, rows + place)
    add(key, call.fade, second, rows + call.length + place)
    add(key, call.fade, third, rows + 2 * call.length + place)
    add(key, call.fade, fourth, rows + 3 * call.length + place)
  }
}

@inline(__always)
private func correct(_ call: DeltaCall, _ row: Int, _ correction: Float) {
  let values = call.matrix + row * call.length
  for place in stride(from: 0, to: call.length, by: 8) {
    add(loadEight(call.key + place), call.fade, correction, values + place)
  }
}

@inline(__always)
private func add(
  _ key: EightFloats, _ fade: Float, _ correction: Float, _ target: UnsafeMutablePointer<Float>
) {
  storeEight(fade * loadEight(target) + correction * key, target)
}
