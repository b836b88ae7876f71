// What people are told about files that are not what they should be.

import FoundationEssentials
import TensorCore
import TestSupport
import Testing

@Suite struct GGUFErrorTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func error(of bytes: [UInt8]) throws -> GGUFError? {
    let path = try folder.write(bytes)
    return #expect(throws: GGUFError.self) { try GGUFFile(path: path) }
  }

  private func error(_ change: (inout GGUFBuilder) -> Void) throws -> GGUFError? {
    var builder = GGUFBuilder()
    change(&builder)
    return try error(of: builder.build())
  }

  @Test("A path that leads to no regular file is named with what to do")
  func paths() throws {
    let empty = try folder.write([], as: "empty.gguf")
    let cases: [(String, FileError.Code, String)] = [
      (folder.path + "/nothing.gguf", .missing, "no such file; check the path"),
      (empty + "/below.gguf", .missing, "no such file; check the path"),
      (folder.path, .directory, "is a directory; name the file inside it"),
      (empty, .empty, "is empty (0 bytes); download it again"),
      ("/dev/zero", .notRegular, "is a pipe, socket or device; give a regular file"),
    ]
    for (path, code, message) in cases {
      let error = #expect(throws: GGUFError.self) { try GGUFFile(path: path) }
      #expect(error?.code == .file(code))
      #expect(error?.description == "\(path): \(message)")
    }
  }

  @Test(
    "A file of another kind is told by its beginning",
    arguments: [
      ("<!DOCTYPE html><html>", "begins with '<!DOCTYPE html><', a web page; download"),
      ("version https://git-lfs.github.com/spec/v1", "a Git LFS pointer; fetch the file"),
      ("just some words", "begins with 'just some words'; give a model in GGUF format"),
      ("PK\u{3}\u{4}", "begins with bytes 50 4b 03 04, a zip archive or PyTorch checkpoint"),
      ("lmgg....", "begins with 'lmgg....', a model of a time before GGUF"),
      ("\u{8}\0\0\0\0\0\0\0{\"a\":1}", "begins with bytes 08 00 00 00, a safetensors file"),
      ("<\0\0\0\0\0\0\0{\"a\":1}", "begins with bytes 3c 00 00 00, a safetensors file"),
      ("line\u{1b}[31m", "begins with bytes 6c 69 6e 65; give a model"),
      ("a\nb", "begins with 'a\u{FFFD}b'; give a model"),
    ])
  func otherKinds(content: String, message: String) throws {
    let error = try error(of: Array(content.utf8))
    #expect(error?.code == .notGGUF)
    #expect(error?.detail.contains(message) == true, "\(error?.detail ?? "")")
  }

  @Test("A speech model is told from models of a time before GGUF")
  func speechModels() throws {
    func head(_ numbers: [UInt32]) -> [UInt8] {
      Array("lmgg".utf8)
        + numbers.flatMap { number in
          (0..<4).map { UInt8(truncatingIfNeeded: number >> UInt32(8 * $0)) }
        }
    }
    var numbers: [UInt32] = [51_864, 1500, 384, 6, 4, 448, 384, 6, 4, 80, 1, 80, 201]
    let speech = try error(of: head(numbers))
    #expect(speech?.code == .notGGUF)
    #expect(speech?.detail.contains("a speech model (Whisper); give it to apus transcribe") == true)
    numbers[12] = 200
    let other = try error(of: head(numbers))
    #expect(other?.detail.contains("a model of a time before GGUF") == true)
  }

  @Test("Versions and byte orders that are not read are named")
  func versions() throws {
    let four = try error { $0.version = 4 }
    #expect(four?.code == .version)
    #expect(four?.detail.hasPrefix("has GGUF version 4, but only versions 2 and 3") == true)
    #expect(try error { $0.version = 1 }?.code == .version)
    #expect(try error { $0.version = 0 }?.code == .version)
    #expect(try error { $0.version = UInt32(3).byteSwapped }?.code == .bigEndian)
  }

  @Test("A truncated file is told with the bytes it needs and has")
  func truncation() throws {
    var builder = GGUFBuilder()
    builder.addTensor("a", shape: [64], content: [UInt8](repeating: 1, count: 256))
    let whole = builder.build()
    let error = try error(of: whole.dropLast(6))
    #expect(error?.code == .truncated)
    #expect(
      error?.detail == "is incomplete: its tensors need \(whole.count) bytes, the file has "
        + "\(whole.count - 6); download it again")
    for count in [1, 4, 7, 23, 24, 30, 60] {
      #expect(try self.error(of: Array(whole.prefix(count)))?.code == .truncated)
    }
  }

  @Test("An unknown type number names the tensor and lists the known ones")
  func unknownTypes() throws {
    let error = try error { $0.addTensor("blk.0.w", shape: [4], type: 99, content: [0]) }
    #expect(error?.code == .tensor)
    #expect(
      error?.detail.hasPrefix("tensor 'blk.0.w' has type number 99, which is unknown") == true)
    #expect(error?.detail.contains("F32 (0), F16 (1), Q4_0 (2)") == true)
  }

  @Test("Numbers that cannot be are refused before anything is allocated for them")
  func impossibleNumbers() throws {
    let huge = UInt64(1) << 60
    #expect(try error { $0.announcedTensors = huge }?.code == .truncated)
    #expect(try error { $0.announcedPairs = huge }?.code == .truncated)
    let errors = [
      try error { $0.addTensor("a", shape: [0], content: []) },
      try error { $0.addTensor("a", shape: [], content: []) },
      try error { $0.addTensor("a", shape: [1, 1, 1, 1, 1], content: [0, 0, 0, 0]) },
      try error { $0.addTensor("a", shape: [1 << 32, 1 << 32], content: []) },
      try error { $0.addTensor("a", shape: [1 << 62], content: []) },
      try error { $0.addTensor("a", shape: [.max], content: []) },
      try error { $0.addTensor("a", shape: [33], type: 2, content: []) },
      try error { $0.addTensor("a", shape: [1], content: [0, 0, 0, 0], offset: 8) },
      try error { $0.addTensor("a", shape: [1], content: [0, 0, 0, 0], offset: 1 << 63) },
      try error { $0.addTensor("a", shape: [1], content: [], offset: UInt64.max - 31) },
      try error { $0.addTensor("", shape: [1], content: [0, 0, 0, 0]) },
      try error {
        $0.addTensor(String(repeating: "x", count: 65), shape: [1], content: [0, 0, 0, 0])
      },
      try error {
        $0.addTensor("a", shape: [9], content: [UInt8](repeating: 0, count: 36))
        $0.addTensor("b", shape: [1], content: [0, 0, 0, 0], offset: 32)
      },
      try error {
        $0.addTensor("a", shape: [1], content: [0, 0, 0, 0])
        $0.addTensor("a", shape: [1], content: [0, 0, 0, 0])
      },
    ]
    for (index, error) in errors.enumerated() {
      #expect(error?.code == .tensor, "case \(index): \(error?.detail ?? "no error")")
    }
  }

  @Test("The longest name of a tensor is the longest that is written")
  func longNames() throws {
    func file(nameBytes: Int) -> [UInt8] {
      var builder = GGUFBuilder()
      let name = String(repeating: "n", count: nameBytes)
      builder.addTensor(name, shape: [1], content: [0, 0, 0, 0])
      return builder.build()
    }
    #expect(try error(of: file(nameBytes: 64))?.code == .tensor)
    let folder = try TemporaryFolder()
    let tensor = try GGUFFile(path: folder.write(file(nameBytes: 63))).tensors[0]
    let plan = GGUFTensorPlan(name: tensor.name, shape: tensor.shape, format: tensor.format)
    _ = try GGUFWriter(path: folder.path + "/copy.gguf", metadata: [], tensors: [plan])
  }

  @Test("Metadata that breaks the rules is refused")
  func impossibleMetadata() throws {
    let nested =
      GGUFBuilder.bytes(GGUFValueType.array.rawValue) + GGUFBuilder.bytes(UInt64(1))
      + GGUFBuilder.bytes(GGUFValueType.uint8.rawValue) + GGUFBuilder.bytes(UInt64(1)) + [1]
    let errors = [
      try error { $0.add("", 1) },
      try error { $0.add(String(repeating: "k", count: 65_536), 1) },
      try error {
        $0.add("twice", 1)
        $0.add("twice", 1)
      },
      try error { $0.add("bool", type: .bool, raw: [2]) },
      try error { $0.add("bools", array: .bool, [[1], [255]]) },
      try error { $0.add("nested", type: .array, raw: nested) },
      try error { $0.add("general.alignment", 24) },
      try error { $0.add("general.alignment", 4) },
      try error { $0.add("general.alignment", 1 << 31) },
      try error { $0.add("general.alignment", "32") },
    ]
    for (index, error) in errors.enumerated() {
      #expect(error?.code == .metadata, "case \(index): \(error?.detail ?? "no error")")
    }
    let long = try error { $0.add("s", type: .string, raw: GGUFBuilder.bytes(UInt64.max)) }
    #expect(long?.code == .truncated)
    #expect(long?.detail.contains("metadata 's' needs more than 2^64 bytes") == true)
  }

  @Test("Names from a file cannot write to a terminal")
  func quoting() {
    #expect(GGUFError.quoted("plain.name") == "'plain.name'")
    #expect(GGUFError.quoted("\u{1b}[2J\n\u{202e}\0") == "'\u{FFFD}[2J\u{FFFD}\u{FFFD}\u{FFFD}'")
    #expect(GGUFError.quoted(String(repeating: "x", count: 65)).count == 67)
  }
}
