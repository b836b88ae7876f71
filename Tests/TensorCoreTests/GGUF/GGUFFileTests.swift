// Well-formed files: what is read from them.

import KernelInterface
import TensorCore
import TestSupport
import Testing

@Suite struct GGUFFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func open(_ builder: GGUFBuilder) throws -> GGUFFile {
    try GGUFFile(path: folder.write(builder.build()))
  }

  @Test("Versions 2 and 3 are read alike", arguments: [UInt32(2), 3])
  func versions(version: UInt32) throws {
    var builder = GGUFBuilder()
    builder.version = version
    builder.add("general.architecture", "llama")
    builder.addTensor("a", shape: [3, 2], content: (0..<24).map { UInt8($0) })
    let file = try open(builder)
    #expect(file.version == version)
    #expect(file.metadata.keys == ["general.architecture"])
    let tensor = try #require(file.tensor(named: "a"))
    #expect(tensor.shape == [3, 2])
    #expect(tensor.format == .F32)
    #expect(tensor.elementCount == 6)
    #expect(Array(tensor.bytes) == (0..<24).map { UInt8($0) })
    #expect(file.tensor(named: "b") == nil)
  }

  @Test("Every type of value is read")
  func everyTypeOfValue() throws {
    var builder = GGUFBuilder()
    builder.add("u8", type: .uint8, raw: [200])
    builder.add("i8", type: .int8, raw: [200])
    builder.add("u16", type: .uint16, raw: GGUFBuilder.bytes(UInt16(60_000)))
    builder.add("i16", type: .int16, raw: GGUFBuilder.bytes(Int16(-3)))
    builder.add("u32", type: .uint32, raw: GGUFBuilder.bytes(UInt32.max))
    builder.add("i32", type: .int32, raw: GGUFBuilder.bytes(Int32.min))
    builder.add("u64", type: .uint64, raw: GGUFBuilder.bytes(UInt64(Int.max)))
    builder.add("i64", type: .int64, raw: GGUFBuilder.bytes(Int64.min))
    builder.add("f32", type: .float32, raw: GGUFBuilder.bytes(Float(1.5).bitPattern))
    builder.add("f64", type: .float64, raw: GGUFBuilder.bytes(Double(-0.25).bitPattern))
    builder.add("yes", type: .bool, raw: [1])
    builder.add("no", type: .bool, raw: [0])
    builder.add("text", "Grüße")
    let metadata = try open(builder).metadata
    let integers = ["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64"]
    let values = try integers.map { try metadata.requiredInt($0) }
    #expect(
      values == [200, -56, 60_000, -3, 4_294_967_295, -2_147_483_648, Int.max, Int.min])
    #expect(try metadata.float("f32") == 1.5)
    #expect(try metadata.float("f64") == -0.25)
    #expect(try metadata.float("i16") == -3)
    #expect(try metadata.bool("yes") == true)
    #expect(try metadata.bool("no") == false)
    #expect(try metadata.string("text") == "Grüße")
    #expect(metadata.keys.count == 13)
  }

  @Test("Arrays are read without a copy of their strings")
  func arrays() throws {
    var builder = GGUFBuilder()
    let words = ["", "one", "zwei", "три"]
    builder.add("words", array: .string, words.map(GGUFBuilder.string))
    builder.add("bytes", array: .string, [GGUFBuilder.bytes(UInt64(2)) + [0xff, 0x41]])
    builder.add("none", array: .string, [])
    builder.add("ints", array: .int16, [-1, 2, 3].map { GGUFBuilder.bytes(Int16($0)) })
    builder.add(
      "floats", array: .float32, [0.5, 2].map { GGUFBuilder.bytes(Float($0).bitPattern) })
    builder.add("bools", array: .bool, [[1], [0]])
    let metadata = try open(builder).metadata
    let strings = try #require(try metadata.strings("words"))
    #expect(strings.count == 4)
    #expect(strings.decoded() == words)
    #expect(strings.map(\.count) == words.map(\.utf8.count))
    #expect(strings.byteCount == words.reduce(0) { $0 + $1.utf8.count })
    #expect(
      strings.withStoredBytes { Array($0) }
        == words.flatMap { GGUFBuilder.bytes(UInt64($0.utf8.count)) + Array($0.utf8) })
    #expect(try metadata.strings("bytes")?.decoded() == ["\u{FFFD}A"])
    #expect(try metadata.strings("none")?.decoded() == [])
    #expect(try metadata.ints("ints") == [-1, 2, 3])
    #expect(try metadata.floats("floats") == [0.5, 2])
    #expect(try metadata.floats("ints") == [-1, 2, 3])
    #expect(try metadata.bools("bools") == [true, false])
    guard case .array(let array) = metadata["words"] else {
      Issue.record("no array")
      return
    }
    #expect(array.elementType == .string)
    guard case .string("zwei") = array[2] else {
      Issue.record("element 2 is \(array[2])")
      return
    }
  }

  @Test("Arrays of every integer type are read, and numbers that fit no Int are refused")
  func integerArrays() throws {
    let arrays: [(GGUFValueType, [[UInt8]], [Int]?)] = [
      (.uint8, [[0], [255]], [0, 255]),
      (.int8, [[0x80], [0x7f]], [-128, 127]),
      (.uint16, [UInt16.max].map { GGUFBuilder.bytes($0) }, [65_535]),
      (.int16, [Int16.min].map { GGUFBuilder.bytes($0) }, [-32_768]),
      (.uint32, [UInt32.max].map { GGUFBuilder.bytes($0) }, [4_294_967_295]),
      (.int32, [Int32.min, 7].map { GGUFBuilder.bytes($0) }, [-2_147_483_648, 7]),
      (.uint64, [1, UInt64.max].map { GGUFBuilder.bytes($0) }, nil),
      (.int64, [Int64.min].map { GGUFBuilder.bytes($0) }, [.min]),
      (.float64, [Double(1).bitPattern].map { GGUFBuilder.bytes($0) }, nil),
      (.bool, [[1]], nil),
    ]
    for (type, elements, expected) in arrays {
      var builder = GGUFBuilder()
      builder.add("array", array: type, elements)
      guard case .array(let array)? = try open(builder).metadata["array"] else {
        Issue.record("no array")
        continue
      }
      #expect(array.integers == expected, "\(type)")
      #expect(array.count == elements.count)
    }
  }

  @Test("A value a layer is an array of the right length or a scalar for all")
  func valuesPerLayer() throws {
    var builder = GGUFBuilder()
    builder.add("scalar", 8)
    builder.add("array", array: .uint32, [1, 2, 3].map { GGUFBuilder.bytes(UInt32($0)) })
    builder.add("one", array: .uint32, [GGUFBuilder.bytes(UInt32(7))])
    builder.add("flag", type: .bool, raw: [1])
    let metadata = try open(builder).metadata
    #expect(try metadata.ints("scalar", count: 3) == [8, 8, 8])
    #expect(try metadata.ints("array", count: 3) == [1, 2, 3])
    #expect(try metadata.bools("flag", count: 2) == [true, true])
    #expect(try metadata.ints("absent", count: 3) == nil)
    #expect(throws: GGUFError.self) { try metadata.ints("array", count: 2) }
    #expect(throws: GGUFError.self) { try metadata.ints("one", count: 2) }
  }

  @Test("A getter names the key, the expected and the found type")
  func mismatches() throws {
    var builder = GGUFBuilder()
    builder.add("text", "1")
    builder.add("number", 1)
    builder.add("huge", type: .uint64, raw: GGUFBuilder.bytes(UInt64.max))
    builder.add("numbers", array: .uint8, [[1]])
    let metadata = try open(builder).metadata
    let calls: [(String, () throws -> Any?)] = [
      ("metadata 'text' should be an integer, but is string", { try metadata.int("text") }),
      ("metadata 'number' should be a string, but is uint32", { try metadata.string("number") }),
      (
        "metadata 'huge' should be an integer, but is \(UInt64.max), which is above",
        { try metadata.int("huge") }
      ),
      ("metadata 'text' should be a number, but is string", { try metadata.float("text") }),
      ("metadata 'number' should be a bool, but is uint32", { try metadata.bool("number") }),
      (
        "metadata 'numbers' should be an array of strings, but is array of 1 uint8;",
        { try metadata.strings("numbers") }
      ),
      (
        "metadata 'text' should be an integer or an array of integers, but is string",
        { try metadata.ints("text") }
      ),
      ("metadata 'absent' is missing", { try metadata.requiredInt("absent") }),
      ("metadata 'absent' is missing", { try metadata.requiredString("absent") }),
      ("metadata 'absent' is missing", { try metadata.requiredFloat("absent") }),
    ]
    for (message, call) in calls {
      let error = #expect(throws: GGUFError.self) { try call() }
      #expect(error?.code == .metadata)
      #expect(error?.detail.hasPrefix(message) == true, "\(error?.detail ?? "")")
    }
  }

  @Test("Tensors of every format lie where the file says", arguments: TensorFormat.allCases)
  func everyFormat(format: TensorFormat) throws {
    let columns = format.blockElements * 2
    let rowBytes = try #require(format.rowBytes(elements: columns))
    let content = (0..<rowBytes * 3).map { UInt8(truncatingIfNeeded: $0) }
    var builder = GGUFBuilder()
    builder.addTensor(
      "weight", shape: [UInt64(columns), 3], type: format.rawValue, content: content)
    let tensor = try #require(try open(builder).tensors.first)
    #expect(tensor.format == format)
    #expect(tensor.shape == [columns, 3])
    #expect(Array(tensor.bytes) == content)
  }

  @Test("The file's own alignment places the data", arguments: [8, 32, 64, 4096])
  func alignment(alignment: Int) throws {
    var builder = GGUFBuilder()
    builder.alignment = alignment
    builder.add("general.alignment", UInt32(alignment))
    builder.addTensor("a", shape: [1], content: [1, 0, 0, 0])
    builder.addTensor("b", shape: [1], content: [2, 0, 0, 0])
    let tensors = try open(builder).tensors
    #expect(tensors.map { $0.bytes[0] } == [1, 2])
    #expect(tensors.allSatisfy { Int(bitPattern: $0.bytes.baseAddress) % alignment == 0 })
  }

  @Test("A file without tensors is a vocabulary and opens")
  func noTensors() throws {
    var builder = GGUFBuilder()
    builder.add("general.architecture", "llama")
    #expect(try open(builder).tensors.isEmpty)
  }

  @Test("A tensor keeps its file mapped")
  func tensorsKeepTheFile() throws {
    var builder = GGUFBuilder()
    builder.addTensor("a", shape: [2], content: [1, 2, 3, 4, 5, 6, 7, 8])
    let tensor = try #require(try open(builder).tensors.first)
    #expect(Array(tensor.bytes) == [1, 2, 3, 4, 5, 6, 7, 8])
  }

  @Test("A row of elements has bytes only in whole blocks")
  func rowBytes() {
    #expect(TensorFormat.Q4_0.rowBytes(elements: 64) == 36)
    #expect(TensorFormat.Q4_0.rowBytes(elements: 0) == 0)
    #expect(TensorFormat.Q4_0.rowBytes(elements: 33) == nil)
    #expect(TensorFormat.Q4_0.rowBytes(elements: -32) == nil)
    #expect(TensorFormat.F32.rowBytes(elements: .max) == nil)
  }

  @Test(
    "Vocabularies of the tokenizer fixtures open",
    .enabled(if: Fixtures.isPresent, Fixtures.absence),
    arguments: ["llama-spm", "gemma-4", "qwen2", "bert-bge"])
  func vocabularies(name: String) throws {
    let file = try GGUFFile(path: Fixtures.root + "/tokenizers/\(name).gguf")
    let tokens = try #require(try file.metadata.strings("tokenizer.ggml.tokens"))
    let types = try #require(try file.metadata.ints("tokenizer.ggml.token_type"))
    #expect(tokens.count == types.count)
    #expect(tokens.count > 30_000)
    #expect(tokens.decoded().allSatisfy { !$0.isEmpty })
  }
}
