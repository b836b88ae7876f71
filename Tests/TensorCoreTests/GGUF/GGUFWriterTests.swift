// Files that we write are files that we read.

import FoundationEssentials
import KernelInterface
import TensorCore
import Testing

@Suite struct GGUFWriterTests {
  /// A value of each scalar type.
  static let scalars: [GGUFValue] = [
    .uint8(200), .int8(-100), .uint16(60_000), .int16(-30_000), .uint32(4_000_000_000),
    .int32(-2_000_000_000), .float32(1.5), .bool(true), .string("Grüße, 世界"),
    .uint64(.max), .int64(.min), .float64(-0.1),
  ]

  private func withFile(
    _ metadata: [(key: String, value: GGUFContent)], _ tensors: [GGUFTensorPlan],
    data: [[UInt8]] = [], _ body: (GGUFFile) throws -> Void
  ) throws {
    let path = FileManager.default.temporaryDirectory.path + "/apus-\(UUID().uuidString).gguf"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let writer = try GGUFWriter(path: path, metadata: metadata, tensors: tensors)
    for bytes in data {
      // In two parts, as a caller may.
      try bytes.prefix(bytes.count / 2).withUnsafeBytes { try writer.write($0) }
      try bytes.dropFirst(bytes.count / 2).withUnsafeBytes { try writer.write($0) }
    }
    #expect(!FileManager.default.fileExists(atPath: path))
    try writer.finish()
    #expect(!FileManager.default.fileExists(atPath: writer.temporaryPath))
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count == writer.totalBytes)
    try body(try GGUFFile(path: path))
  }

  @Test func `every type of value is read back`() throws {
    var metadata = Self.scalars.map { (key: $0.typeName, value: GGUFContent.value($0)) }
    for value in Self.scalars {
      let type = try #require(GGUFValueType.allCases.first { "\($0)" == value.typeName })
      metadata.append((key: "list.\(value.typeName)", value: .list(type, [value, value, value])))
    }
    metadata.append((key: "empty", value: .strings([])))
    try withFile(metadata, []) { file in
      #expect(file.metadata.keys == metadata.map(\.key))
      for value in Self.scalars {
        let found = try #require(file.metadata[value.typeName])
        #expect("\(found)" == "\(value)")
        guard case .array(let array)? = file.metadata["list.\(value.typeName)"] else {
          Issue.record("the list of \(value.typeName) is none")
          continue
        }
        #expect(array.count == 3)
        #expect("\(array[2])" == "\(value)")
      }
      #expect(try file.metadata.strings("empty")?.count == 0)
    }
  }

  @Test func `arrays of another file are copied as they are`() throws {
    let source: [(key: String, value: GGUFContent)] = [
      ("words", .strings(["a", "", "ß"])), ("numbers", .integers([1, -2, 3])),
    ]
    try withFile(source, []) { file in
      let copies = file.metadata.keys.compactMap { key in
        file.metadata[key].map { (key: key, value: GGUFContent.value($0)) }
      }
      try withFile(copies, []) { (copy: GGUFFile) throws in
        #expect(try copy.metadata.strings("words")?.decoded() == ["a", "", "ß"])
        #expect(try copy.metadata.ints("numbers") == [1, -2, 3])
      }
    }
  }

  @Test(arguments: [8, 32, 128])
  func `tensors lie at multiples of the alignment with the bytes they were given`(
    alignment: Int
  ) throws {
    let plans = [
      GGUFTensorPlan(name: "a", shape: [3], format: .F32),
      GGUFTensorPlan(name: "b.weight", shape: [64, 5], format: .Q4_0),
      GGUFTensorPlan(name: "c", shape: [1, 2, 3, 4], format: .F16),
    ]
    let data = plans.map { plan in (0..<plan.byteCount).map { UInt8(truncatingIfNeeded: $0) } }
    let metadata: [(key: String, value: GGUFContent)] = [
      ("general.alignment", .value(.uint32(UInt32(alignment))))
    ]
    try withFile(metadata, plans, data: data) { file in
      #expect(file.tensors.map(\.name) == plans.map(\.name))
      #expect(file.tensors.map(\.shape) == plans.map(\.shape))
      #expect(file.tensors.map(\.format) == plans.map(\.format))
      for (tensor, bytes) in zip(file.tensors, data) { #expect(Array(tensor.bytes) == bytes) }
    }
  }

  @Test func `a file that is not finished leaves nothing behind`() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/apus-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/model.gguf"
    try Data("old".utf8).write(to: URL(fileURLWithPath: path))
    do {
      let writer = try GGUFWriter(
        path: path, metadata: [],
        tensors: [GGUFTensorPlan(name: "a", shape: [3], format: .F32)])
      #expect(FileManager.default.fileExists(atPath: writer.temporaryPath))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["model.gguf"])
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("old".utf8))
  }

  @Test func `a place where nothing can be written is an error of one line`() {
    for path in ["/nonexistent/folder/model.gguf", "/dev/null"] {
      #expect {
        _ = try GGUFWriter(path: path, metadata: [], tensors: [])
      } throws: { error in
        "\(error)".hasPrefix(path) && !"\(error)".contains("\n")
      }
    }
  }

  @Test(arguments: RandomBlocks.formats)
  func `random weights have the wished deviation and a mean near 0`(format: TensorFormat) throws {
    let plan = GGUFTensorPlan(name: "a", shape: [256, 64], format: format)
    let path = FileManager.default.temporaryDirectory.path + "/apus-\(UUID().uuidString).gguf"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let writer = try GGUFWriter(path: path, metadata: [], tensors: [plan])
    var generator = XorShift(seed: 3)
    try writer.writeRandom(plan, deviation: 0.02, &generator) {}
    try writer.finish()
    let vector = try Vector(GGUFFile(path: path).tensors[0])
    let values = (0..<vector.count).map { vector.values[$0] }
    let mean = values.reduce(0, +) / Float(values.count)
    let square = values.reduce(0) { $0 + $1 * $1 } / Float(values.count)
    #expect(abs(square.squareRoot() - 0.02) < 0.002)
    // Signed levels reach one further below 0 than above: a ninth of the deviation with four bits.
    #expect(abs(mean) < 0.0025)
  }
}
