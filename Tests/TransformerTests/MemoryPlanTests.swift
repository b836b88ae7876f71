// What a model will take, told from its file alone.

import KernelInterface
import TestSupport
import Testing
import Transformer

@Suite struct MemoryPlanTests {
  @Test(
    "What each layer keeps is known before weights are loaded",
    arguments: TinyModel.all + TinyModel.encoders)
  func layers(model: TinyModel) throws {
    let loaded = try model.load(.F16)
    let found = loaded.decoder.blocks.memories
    var options = ModelOptions()
    options.contextLength = 320
    // Some contexts are no longer than what was trained.
    let positions = try model.load(.F16, contextLength: 320).contextLength
    let path = ProjectFixtures.root + "/architectures/\(model.name).gguf"
    let plan = try Model.plan(path, options: options, sequences: 3)
    for (format, stored) in [(KeyValueFormat.F16, .F16), (.F32, .F32), (.Q8_0, .Q8_0)]
      as [(KeyValueFormat, CacheFormat)]
    {
      options.keyValueFormat = format
      let layout = BlockLayout(found, stored)
      #expect(
        try Model.plan(path, options: options, sequences: 3).keyValueBytes
          == 3 * layout.blockCount(positions: positions) * layout.blockBytes)
    }
    #expect(plan.weightBytes > 0 && plan.weightBytes < loaded.info.fileBytes)
    #expect(plan.totalBytes == plan.weightBytes + plan.keyValueBytes)
  }

  @Test("States of large models leave room for fewer contexts, but for one at least")
  func contexts() {
    let attention = LayerMemoryShape(headCount: 1, keyLength: 64, valueLength: 64)
    for (stateBytes, expected) in [(1 << 10, 4), (100 << 20, 2), (160 << 20, 1), (900 << 20, 1)] {
      let layout = BlockLayout(
        [attention, LayerMemoryShape(stateCount: stateBytes / 4)], .F16)
      #expect(layout.contexts(atMost: 4, positions: 256) == expected, "\(stateBytes)")
    }
    #expect(BlockLayout([attention], .F16).contexts(atMost: 4, positions: 1 << 30) == 4)
  }

  @Test("Formats take the bytes that their layout says")
  func formats() {
    let layer = [LayerMemoryShape(headCount: 3, keyLength: 64, valueLength: 64)]
    #expect(BlockLayout(layer, .F32).blockBytes == 32 * 3 * 128 * 4)
    #expect(BlockLayout(layer, .F16).blockBytes == 32 * 3 * 128 * 2)
    #expect(BlockLayout(layer, .Q8_0).blockBytes == 32 * 3 * 4 * 34)
  }

  @Test("A window keeps its positions and no more")
  func windows() throws {
    let layer = LayerMemoryShape(headCount: 1, keyLength: 8, valueLength: 8, window: 512)
    let layout = BlockLayout([layer], .F16)
    #expect(layout.blockCount(positions: 100) == 4)
    #expect(layout.blockCount(positions: 100_000) == 19)
  }

  @Test("More conversations than there are bytes take all bytes", arguments: [1 << 40, .max])
  func manySequences(sequences: Int) throws {
    var options = ModelOptions()
    options.contextLength = Model.contextLengthLimit
    let path = ProjectFixtures.root + "/architectures/llama.gguf"
    let plan = try Model.plan(path, options: options, sequences: sequences)
    #expect(plan.keyValueBytes == .max && plan.totalBytes == .max)
  }

  @Test("Impossible contexts are errors here too")
  func impossible() throws {
    var options = ModelOptions()
    options.contextLength = 0
    let path = ProjectFixtures.root + "/architectures/llama.gguf"
    let error = #expect(throws: ModelError.self) { try Model.plan(path, options: options) }
    #expect(error?.code == .badOption)
  }
}
