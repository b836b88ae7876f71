// Packing floats: a block is one column.

import KernelInterface

func packSingles(_ from: StoredRows, _ columns: Int, _ to: UnsafeMutableRawPointer) {
  let whole = columns / 4 * 4
  from.turn(0, count: whole, into: to)
  for column in whole..<columns { storeWords(from.words(4 * column), to + 64 * column) }
}

func packHalves(_ from: StoredRows, _ columns: Int, _ to: UnsafeMutableRawPointer) {
  for column in 0..<columns { from.copyHalves(2 * column, to: to + 32 * column) }
}
