// How keys and values get into the cache: layout and rounding.

import KernelInterface
import TensorCore
import TestSupport
import Testing

@Suite struct AppendTests {
  @Test("Keys lie position innermost, values row by row", arguments: availableSets)
  func layout(set: InstructionSet) {
    for format in [CacheFormat.F16, .F32] {
      let shape = CacheShape(format: format, keyLength: 6, valueLength: 18)
      #expect(shape.valueStride == 32)
      let block = TestBuffer(shape.headBytes, filledWith: 0)
      for slot in 0..<cacheBlockPositionCount {
        let key = (0..<6).map { Float(slot * 8 + $0) }
        let value = (0..<18).map { Float(-slot * 32 - $0) }
        set.kernels.append(shape, key, value, block.base, slot)
      }
      for slot in 0..<cacheBlockPositionCount {
        for d in 0..<6 {
          #expect(read(block, format, d * cacheBlockPositionCount + slot) == Float(slot * 8 + d))
        }
        for d in 0..<32 {
          let index = shape.keyBytes / format.elementBytes + slot * 32 + d
          #expect(read(block, format, index) == (d < 18 ? Float(-slot * 32 - d) : 0))
        }
      }
    }
  }

  #if !(os(macOS) && arch(x86_64))  // There is no Float16.
    @Test(
      "Numbers are rounded to the nearest half, and finite ones stay finite",
      arguments: availableSets)
    func halves(set: InstructionSet) {
      var random = SeededGenerator(seed: 11)
      var values: [Float] = [
        0, -0.0, 1, 65_504, 65_519, 65_520, 65_536, 1e6, .greatestFiniteMagnitude,
        -.greatestFiniteMagnitude, .infinity, -.infinity, .leastNonzeroMagnitude, 0x1p-14,
        0x1.FFCp-15, 0x1.FFEp-15, 0x1.FFFp-15, 0x1p-24, 0x1p-25, 0x1.000002p-25, 0x1.8p-24,
      ]
      // Every half, and the places where rounding turns.
      for bits in UInt16.min...0x7C00 {
        let value = Float(Float16(bitPattern: bits))
        let middle = bits < 0x7BFF ? (value + Float(Float16(bitPattern: bits + 1))) / 2 : value
        values += [value, -value, middle, -middle, middle.nextUp, middle.nextDown]
      }
      for _ in 0..<10_000 {
        values.append(Float(bitPattern: UInt32.random(in: 0...0x7F7F_FFFF, using: &random)))
      }
      let length = 100
      values += [Float](repeating: 0, count: (length - values.count % length) % length)
      let shape = CacheShape(format: .F16, keyLength: length, valueLength: length)
      let block = TestBuffer(shape.headBytes, filledWith: 0)
      for first in stride(from: 0, to: values.count, by: length) {
        let part = Array(values[first..<first + length])
        set.kernels.append(shape, part, part, block.base, 7)
        for (index, value) in part.enumerated() {
          let expected = Float16(min(max(value, -65_504), 65_504)).bitPattern
          let key = bits(block, index * cacheBlockPositionCount + 7)
          let place = shape.keyBytes / 2 + 7 * shape.valueStride + index
          if key != expected || bits(block, place) != expected {
            Issue.record("\(value) became \(key), expected \(expected)")
          }
        }
      }
    }
  #endif

  @Test("Bytes have a scale for each group, which follow the keys and the values")
  func groups() {
    for set in availableSets {
      let shape = CacheShape(format: .Q8_0, keyLength: 40, valueLength: 33)
      #expect(shape.valueStride == 48)
      #expect(shape.keyBytes == 32 * (40 + 2 * 2))
      #expect(shape.headBytes == shape.keyBytes + 32 * (48 + 2 * 2))
      let block = TestBuffer(shape.headBytes, filledWith: 0)
      var random = SeededGenerator(seed: 12)
      for slot in 0..<cacheBlockPositionCount {
        var (key, value) = (random.floats(40, within: 3), random.floats(33, within: 100))
        if slot == 3 { (key[0], value[32]) = (.infinity, -.greatestFiniteMagnitude) }
        if slot == 4 { (key, value) = (key.map { $0 * 1e-30 }, value.map { $0 * 1e-30 * 1e-14 }) }
        set.kernels.append(shape, key, value, block.base, slot)
        for first in [0, 32] {
          let keys = Array(key[first..<min(first + 32, 40)])
          let values = Array(value[first..<min(first + 32, 33)])
          for (group, isKey) in [(keys, true), (values, false)] {
            let quants = group.indices.map { index in
              let place =
                isKey ? (first + index) * 32 + slot : shape.keyBytes + slot * 48 + first + index
              return block.base.load(fromByteOffset: place, as: Int8.self)
            }
            let place = (isKey ? 40 * 32 : shape.keyBytes + 48 * 32) + first * 2 + slot * 2
            let scale = read(block, .F16, place / 2)
            let expected = PlainKernels.quantised(group)
            #expect(quants == expected.quants, "\(set), position \(slot)")
            #expect(abs(scale - expected.scale) <= max(expected.scale * 0x1p-11, 0x1p-25))
          }
        }
      }
    }
  }

  @Test("NaN stays NaN", arguments: availableSets)
  func notANumber(set: InstructionSet) {
    let quants = CacheShape(format: .Q8_0, keyLength: 33, valueLength: 1)
    let scales = TestBuffer(quants.headBytes, filledWith: 0)
    set.kernels.append(quants, [.nan] + [Float](repeating: 1, count: 32), [-.nan], scales.base, 0)
    #expect(read(scales, .F16, 33 * 16).isNaN)
    #expect(read(scales, .F16, 33 * 16 + 32) == 0x1.02p-7, "another group")
    #expect(read(scales, .F16, quants.keyBytes / 2 + 16 * 16).isNaN)
    for format in [CacheFormat.F16, .F32] {
      let shape = CacheShape(format: format, keyLength: 1, valueLength: 1)
      let block = TestBuffer(shape.headBytes, filledWith: 0)
      set.kernels.append(shape, [.nan], [-.nan], block.base, 0)
      #expect(read(block, format, 0).isNaN)
      #expect(read(block, format, shape.keyBytes / format.elementBytes).isNaN)
    }
  }

  private func bits(_ block: TestBuffer, _ index: Int) -> UInt16 {
    block.base.load(fromByteOffset: 2 * index, as: UInt16.self)
  }

  /// Element `index` of a block; halves by their definition.
  private func read(_ block: TestBuffer, _ format: CacheFormat, _ index: Int) -> Float {
    guard format == .F16 else { return block.floats[index] }
    let bits = bits(block, index)
    let fraction = Float(bits & 0x3FF)
    let sign: Float = bits >> 15 == 1 ? -1 : 1
    switch Int(bits >> 10 & 31) {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : .nan
    case let exponent:
      return sign * Float(sign: .plus, exponent: exponent - 25, significand: 1024 + fraction)
    }
  }
}
