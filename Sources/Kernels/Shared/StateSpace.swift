// One token of a state space model with one decay for a head: rows fade, take in a value and are read.

import KernelInterface

/// Takes rows four by four: each alone would wait for its own sums.
@Sendable
func stateSpace(_ call: StateSpaceCall) {
  var row = 0
  while row + 4 <= call.rowCount {
    fourRows(call, row)
    row += 4
  }
  while row < call.rowCount {
    oneRow(call, row)
    row += 1
  }
}

@inline(__always)
private func fourRows(_ call: StateSpaceCall, _ row: Int) {
  let rows = call.matrix + row * call.length
  let (value0, value1) = (call.step * call.value[row], call.step * call.value[row + 1])
  let (value2, value3) = (call.step * call.value[row + 2], call.step * call.value[row + 3])
  let zero = EightFloats(repeating: 0)
  var (sums0, sums1, sums2, sums3) = (zero, zero, zero, zero)
  for first in stride(from: 0, to: call.length, by: 8) {
    let (write, read) = (loadEight(call.write + first), loadEight(call.read + first))
    sums0 += changed(rows + first, call.fade, value0, write) * read
    sums1 += changed(rows + call.length + first, call.fade, value1, write) * read
    sums2 += changed(rows + 2 * call.length + first, call.fade, value2, write) * read
    sums3 += changed(rows + 3 * call.length + first, call.fade, value3, write) * read
  }
  answer(call, row, sums0)
  answer(call, row + 1, sums1)
  answer(call, row + 2, sums2)
  answer(call, row + 3, sums3)
}

@inline(__always)
private func oneRow(_ call: StateSpaceCall, _ row: Int) {
  let values = call.matrix + row * call.length
  let value = call.step * call.value[row]
  var sums = EightFloats(repeating: 0)
  for first in stride(from: 0, to: call.length, by: 8) {
    let write = loadEight(call.write + first)
    sums += changed(values + first, call.fade, value, write) * loadEight(call.read + first)
  }
  answer(call, row, sums)
}

/// Changes eight values of a row, and gives them.
@inline(__always)
private func changed(
  _ target: UnsafeMutablePointer<Float>, _ fade: Float, _ value: Float, _ write: EightFloats
) -> EightFloats {
  let x = fade * loadEight(target) + value * write
  storeEight(x, target)
  return x
}

@inline(__always)
private func answer(_ call: StateSpaceCall, _ row: Int, _ sums: EightFloats) {
  call.output[row] = total(sums) + call.skip * call.value[row]
}
