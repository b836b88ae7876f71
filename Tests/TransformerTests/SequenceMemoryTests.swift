// A sequence's memory: positions are taken in order, forks are apart, wiping leaves nothing.

import KernelInterface
import TensorCore
import TestSupport
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
    let pool = try BlockPool(layers: Self.layers, format: format, blockCount: 20)
    let memory = SequenceMemory(pool, capacity: 100)
    _ = try memory.append(70)
    for layer in Self.layers.indices { fill(memory.cache(layer), pool, blocks: 3, with: 7) }
    let copy = memory.fork()
    #expect(copy.count == 70 && copy.capacity == memory.capacity)
    #expect(pool.freeCount == 20 - 3 * 2, "pages are shared")
    let before = bytes(copy.cache(0), pool, blocks: 3)
    #expect(before == bytes(memory.cache(0), pool, blocks: 3))
    // Whoever writes first takes a copy of the page that is written, and of no other.
    #expect(memory.blocksNeeded(for: 1) == 2)
    _ = try memory.append(1)
    #expect(pool.freeCount == 20 - 4 * 2)
    #expect(bytes(memory.cache(0), pool, blocks: 3) == before)
    (memory.cache(0).blocks[2] + 8).storeBytes(of: 99, as: UInt8.self)
    #expect(bytes(copy.cache(0), pool, blocks: 3) == before)
    #expect(copy.blocksNeeded(for: 1) == 0, "the copy's page is its own now")
    memory.wipe()
    #expect(bytes(copy.cache(0), pool, blocks: 3) == before)
    #expect(copy.count == 70 && memory.count == 0)
    copy.wipe()
    #expect(pool.freeCount == 20)
    withExtendedLifetime((memory, copy)) {}
  }

  @Test("Going back gives pages back")
  func truncation() throws {
    let pool = try BlockPool(layers: Self.layers, format: .F16, blockCount: 20)
    let memory = SequenceMemory(pool, capacity: 320)
    _ = try memory.append(200)
    #expect(pool.freeCount == 20 - 7 * 2)
    memory.truncate(to: 65)
    #expect(pool.freeCount == 20 - 3 * 2)
    memory.truncate(to: 64)
    #expect(pool.freeCount == 20 - 2 * 2)
    #expect(try memory.append(1) == 64..<65)
  }

  @Test("A pool that is empty says so and changes nothing")
  func emptyPool() throws {
    let pool = try BlockPool(layers: Self.layers, format: .F16, blockCount: 5)
    let memory = SequenceMemory(pool, capacity: 320)
    _ = try memory.append(40)
    let error = #expect(throws: ModelError.self) { try memory.append(60) }
    #expect(error?.code == .memoryFull)
    #expect(memory.count == 40 && pool.freeCount == 1)
    #expect(try memory.append(24) == 40..<64)
  }

  @Test("Layers with a window keep what later rows see, others everything")
  func windows() throws {
    let layers = [
      LayerMemoryShape(headCount: 1, keyLength: 8, valueLength: 8, window: 100),
      LayerMemoryShape(headCount: 1, keyLength: 8, valueLength: 8),
    ]
    let pool = try BlockPool(layers: layers, format: .F16, blockCount: 100)
    let memory = SequenceMemory(pool, capacity: 1000)
    for _ in 0..<900 {
      _ = try memory.append(1)
      memory.dropOutsideWindows()
    }
    let pages = 29
    // A window of 100 lies on 5 pages at most, and there is a page to go back by and one in part.
    #expect(pool.blockCount - pool.freeCount <= pages + 7)
    #expect(pool.blockCount - pool.freeCount >= pages + 4)
    memory.wipe()
    #expect(pool.freeCount == pool.blockCount)
  }

  @Test("A memory with states returns to checkpoints, and to ends of pages that it still has")
  func states() throws {
    let layers = [
      LayerMemoryShape(stateCount: 8), LayerMemoryShape(headCount: 1, keyLength: 8, valueLength: 8),
    ]
    let pool = try BlockPool(layers: layers, format: .F16, blockCount: 100)
    let memory = SequenceMemory(pool, capacity: 1000)
    func append(_ count: Int) throws {
      for position in try memory.append(count) {
        // What a forward pass does: the state after each position.
        memory.states(0).state(page: position / 32, part: 0)?.pointee = Float(position)
      }
    }
    func state() -> Float? {
      memory.states(0).state(page: (memory.count - 1) / 32, part: 0)?.pointee
    }
    try append(40)
    let checkpoint = memory.checkpoint()
    try append(30)
    memory.goBack(to: 60, or: checkpoint)
    #expect(memory.count == 40 && state() == 39)
    try append(3)
    memory.restore(checkpoint)
    #expect(memory.count == 40 && state() == 39)
    memory.truncate(to: 39)
    #expect(memory.count == 32 && state() == 31)
    let atEnd = memory.checkpoint()
    try append(200)
    memory.restore(atEnd)
    #expect(memory.count == 32 && state() == 31)
    try append(200)
    memory.dropOldStates()
    #expect(pool.blockCount - pool.freeCount < 2 * 8, "old states are given up")
    memory.truncate(to: 231)
    #expect(memory.count == 224 && state() == 223)
    memory.truncate(to: 100)
    #expect(memory.count == 0)
    withExtendedLifetime(memory) {}
  }

  @Test("Blocks of sequences are counted as pages come and go", arguments: 0..<6 as Range<UInt64>)
  func held(seed: UInt64) throws {
    var layers = [
      LayerMemoryShape(headCount: 1, keyLength: 8, valueLength: 8, window: 40),
      LayerMemoryShape(headCount: 1, keyLength: 8, valueLength: 8),
    ]
    if seed % 2 == 1 { layers.append(LayerMemoryShape(stateCount: 8)) }
    let pool = try BlockPool(layers: layers, format: .F16, blockCount: 400)
    var random = SeededGenerator(seed: seed)
    var memories = [SequenceMemory(pool, capacity: 1_000)]
    for _ in 0..<500 {
      let place = Int.random(in: 0..<memories.count, using: &random)
      let memory = memories[place]
      switch Int.random(in: 0..<8, using: &random) {
      case 0: memories.append(memory.fork())
      case 1: if memories.count > 1 { memories.remove(at: place) }
      case 2: memory.wipe()
      case 3: memory.truncate(to: Int.random(in: 0...memory.count, using: &random))
      case 4: memory.dropOutsideWindows(again: Bool.random(using: &random))
      case 5:
        let checkpoint = memory.checkpoint()
        _ = try? memory.append(Int.random(in: 1...40, using: &random))
        memory.restore(checkpoint)
      default: _ = try? memory.append(Int.random(in: 1...100, using: &random))
      }
      // Nobody but sequences has any.
      #expect(pool.heldCount == pool.blockCount - pool.freeCount)
    }
    memories = []
    #expect(pool.heldCount == 0 && pool.freeCount == pool.blockCount)
  }

  @Test("A block that comes back is zeros")
  func wipe() throws {
    let pool = try BlockPool(layers: Self.layers, format: .F16, blockCount: 4)
    let memory = SequenceMemory(pool, capacity: 64)
    _ = try memory.append(64)
    for layer in Self.layers.indices { fill(memory.cache(layer), pool, blocks: 2, with: 1) }
    memory.wipe()
    _ = try memory.append(64)
    for layer in Self.layers.indices {
      #expect(bytes(memory.cache(layer), pool, blocks: 2).allSatisfy { $0 == 0 })
    }
    withExtendedLifetime(memory) {}
  }

  private func fill(_ cache: LayerCache, _ pool: BlockPool, blocks: Int, with byte: UInt8) {
    for block in 0..<blocks {
      for offset in 0..<pool.blockBytes {
        cache.blocks[block].storeBytes(
          of: UInt8(truncatingIfNeeded: offset + block) &* byte, toByteOffset: offset,
          as: UInt8.self)
      }
    }
  }

  private func bytes(_ cache: LayerCache, _ pool: BlockPool, blocks: Int) -> [UInt8] {
    (0..<blocks).flatMap {
      Array(UnsafeRawBufferPointer(start: cache.blocks[$0], count: pool.blockBytes))
    }
  }
}
