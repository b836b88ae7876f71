// A sequence's memory: positions are taken in order, forks are apart, wiping leaves nothing.

import KernelInterface
import TensorCore
import Testing
import Transformer

@Suite struct SequenceMemoryTests {
  static let layers = [
    LayerMemoryShape(headCount: 2, keyLength: 16, valueLength: 16),
    LayerMemoryShape(headCount: 1, keyLength: 8, valueLength: 24),
  ]

  @Test("Positions follow one another up to the capacity")
  func append() throws {
    let memory = try SequenceMemory(layers: Self.layers, capacity: 40, format: .F16)
    #expect(memory.capacity == 64, "rounded up to whole blocks")
    #expect(try memory.append(10) == 0..<10)
    #expect(try memory.append(0) == 10..<10)
    #expect(try memory.append(54) == 10..<64)
    let error = #expect(throws: ModelError.self) { try memory.append(1) }
    #expect(error?.code == .contextFull)
    #expect(memory.count == 64)
  }

  @Test("A checkpoint is a place to return to")
  func checkpoints() throws {
    let memory = try SequenceMemory(layers: Self.layers, capacity: 64, format: .F16)
    _ = try memory.append(20)
    let checkpoint = memory.checkpoint()
    _ = try memory.append(9)
    memory.restore(checkpoint)
    #expect(memory.count == 20)
    #expect(try memory.append(1) == 20..<21)
  }

  @Test("A fork has the same contents and a life of its own", arguments: CacheFormat.allCases)
  func fork(format: CacheFormat) throws {
    let memory = try SequenceMemory(layers: Self.layers, capacity: 100, format: format)
    _ = try memory.append(70)
    for layer in Self.layers.indices { fill(memory.cache(layer), blocks: 3, with: 7) }
    let copy = try memory.fork()
    #expect(copy.count == 70 && copy.capacity == memory.capacity)
    for layer in Self.layers.indices {
      #expect(bytes(copy.cache(layer), blocks: 3) == bytes(memory.cache(layer), blocks: 3))
    }
    let before = bytes(copy.cache(0), blocks: 3)
    fill(memory.cache(0), blocks: 3, with: 9)
    memory.wipe()
    #expect(bytes(copy.cache(0), blocks: 3) == before)
    #expect(copy.count == 70 && memory.count == 0)
    withExtendedLifetime((memory, copy)) {}
  }

  @Test("Wiping leaves zeros")
  func wipe() throws {
    let memory = try SequenceMemory(layers: Self.layers, capacity: 64, format: .F16)
    _ = try memory.append(64)
    for layer in Self.layers.indices { fill(memory.cache(layer), blocks: 2, with: 1) }
    memory.wipe()
    for layer in Self.layers.indices {
      #expect(bytes(memory.cache(layer), blocks: 2).allSatisfy { $0 == 0 })
    }
    withExtendedLifetime(memory) {}
  }

  private func fill(_ cache: LayerCache, blocks: Int, with byte: UInt8) {
    for offset in 0..<blocks * cache.blockStride {
      cache.base.storeBytes(
        of: UInt8(truncatingIfNeeded: offset) &* byte, toByteOffset: offset, as: UInt8.self)
    }
  }

  private func bytes(_ cache: LayerCache, blocks: Int) -> [UInt8] {
    Array(UnsafeRawBufferPointer(start: cache.base, count: blocks * cache.blockStride))
  }
}
