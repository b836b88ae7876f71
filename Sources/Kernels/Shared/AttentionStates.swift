// The states of attention after spans, put together in order.

import KernelInterface

/// The largest logit of a row that has seen nothing yet. It is finite, so that its difference from
/// itself is 0.
let nothingSeen = -Float.greatestFiniteMagnitude

/// Adds the state of a later span to that of all before it.
@inline(__always)
func addState(
  _ sums: UnsafePointer<Float>, _ maximum: Float, _ total: Float, width: Int,
  to wholeSums: UnsafeMutablePointer<Float>, _ wholeMaximum: inout Float,
  _ wholeTotal: inout Float
) {
  if maximum == nothingSeen { return }
  if wholeMaximum == nothingSeen {
    wholeSums.update(from: sums, count: width)
    (wholeMaximum, wholeTotal) = (maximum, total)
    return
  }
  let largest = max(wholeMaximum, maximum)
  let old = exponentialOfNegative(Floats(repeating: wholeMaximum - largest))
  let new = exponentialOfNegative(Floats(repeating: maximum - largest))
  for c in stride(from: 0, to: width, by: 16) {
    store(
      multiplyAdd(loadFloats(wholeSums + c), old, loadFloats(sums + c) * new), wholeSums + c)
  }
  wholeTotal = wholeTotal * old[0] + total * new[0]
  wholeMaximum = largest
}

/// Writes the sums over what the exponentials add up to; those of a sink too, if there is one.
@inline(__always)
func writeResult(
  _ sums: UnsafePointer<Float>, maximum: Float, total: Float, sink: Float?, count: Int,
  to output: UnsafeMutablePointer<Float>
) {
  var scale = 1 / total
  if let sink {
    let largest = max(maximum, sink)
    let old = exponentialOfNegative(Floats(repeating: maximum - largest))[0]
    let new = exponentialOfNegative(Floats(repeating: sink - largest))[0]
    scale = old / (total * old + new)
  }
  for c in 0..<count { output[c] = sums[c] * scale }
}

/// The result of a row whose states after `spanCount` spans, `distance` apart, begin at `states`. The
/// first state is used up.
@Sendable
func combine(
  _ shape: CacheShape, _ states: UnsafeMutablePointer<Float>, _ spanCount: Int, _ distance: Int,
  _ sink: UnsafePointer<Float>?, _ output: UnsafeMutablePointer<Float>
) {
  let width = shape.paddedValueLength
  for span in 1..<max(1, spanCount) {
    let state = states + span * distance
    addState(
      state, state[width], state[width + 1], width: width, to: states, &states[width],
      &states[width + 1])
  }
  writeResult(
    states, maximum: states[width], total: states[width + 1], sink: sink?.pointee,
    count: shape.valueLength, to: output)
}
