// Models that are split into several files.

import TensorCore
import Testing

@Suite struct GGUFPartsTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Writes part `number` of `count`, counted from 0, with one tensor, and gives its path.
  @discardableResult
  private func write(
    part number: Int, of count: Int, named name: String? = nil, tensor: String? = nil,
    total: Int = 3
  ) throws -> String {
    var builder = GGUFBuilder()
    if number == 0 { builder.add("general.architecture", "llama") }
    builder.add("split.no", type: .uint16, raw: GGUFBuilder.bytes(UInt16(number)))
    builder.add("split.count", type: .uint16, raw: GGUFBuilder.bytes(UInt16(count)))
    builder.add("split.tensors.count", type: .int32, raw: GGUFBuilder.bytes(Int32(total)))
    builder.addTensor(
      tensor ?? "tensor.\(number)", shape: [1], content: [UInt8(number), 0, 0, 0])
    let standard = "model-0000\(number + 1)-of-0000\(count).gguf"
    return try folder.write(builder.build(), as: name ?? standard)
  }

  private func error(opening path: String) -> GGUFError? {
    #expect(throws: GGUFError.self) { try GGUFFile(path: path) }
  }

  @Test("All parts are opened through the first")
  func allParts() throws {
    let first = try write(part: 0, of: 3)
    try write(part: 1, of: 3)
    try write(part: 2, of: 3)
    let file = try GGUFFile(path: first)
    #expect(file.tensors.map(\.name) == ["tensor.0", "tensor.1", "tensor.2"])
    #expect(file.tensors.map { $0.bytes[0] } == [0, 1, 2])
    #expect(file.tensor(named: "tensor.2")?.bytes[0] == 2)
    #expect(try file.metadata.string("general.architecture") == "llama")
    #expect(file.files.count == 3)
  }

  @Test("A missing part is named with its number")
  func missingPart() throws {
    let first = try write(part: 0, of: 3)
    try write(part: 1, of: 3)
    let error = error(opening: first)
    #expect(error?.code == .file(.missing))
    #expect(error?.path.hasSuffix("/model-00003-of-00003.gguf") == true)
    #expect(error?.detail.contains("part 3 of 3") == true)
  }

  @Test("A part beyond the last is refused", arguments: [-1, 2, Int64.max, .min])
  func partBeyondTheLast(number: Int64) throws {
    var builder = GGUFBuilder()
    builder.add("split.no", type: .int64, raw: GGUFBuilder.bytes(number))
    builder.add("split.count", type: .uint16, raw: GGUFBuilder.bytes(UInt16(2)))
    #expect(error(opening: try folder.write(builder.build(), as: "model.gguf"))?.code == .shards)
  }

  @Test("A later part sends to the first")
  func laterPart() throws {
    let second = try write(part: 1, of: 3)
    let error = error(opening: second)
    #expect(error?.code == .shards)
    #expect(error?.detail.hasSuffix("/model-00001-of-00003.gguf") == true)
  }

  @Test("Parts that do not fit together are refused")
  func misfits() throws {
    let renamed = try write(part: 0, of: 3, named: "renamed.gguf")
    #expect(error(opening: renamed)?.code == .shards)

    let first = try write(part: 0, of: 2, total: 2)
    try write(part: 0, of: 2, named: "model-00002-of-00002.gguf", tensor: "other")
    #expect(error(opening: first)?.code == .shards)

    try write(part: 1, of: 2, tensor: "tensor.0")
    #expect(error(opening: first)?.detail.contains("holds tensor 'tensor.0'") == true)

    try write(part: 1, of: 2)
    #expect(throws: Never.self) { try GGUFFile(path: first) }

    try write(part: 0, of: 2, total: 7)
    #expect(error(opening: first)?.detail.hasPrefix("announces 7 tensors in 2 parts") == true)
  }
}
