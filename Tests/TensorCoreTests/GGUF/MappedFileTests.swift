// Mapping files, and giving their memory back.

import TensorCore
import Testing

@Suite struct MappedFileTests {
  @Test("Released ranges keep their bytes, and are copied as they are")
  func releasing() throws {
    let folder = try TemporaryFolder()
    let content = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let file = try MappedFile(path: folder.write(content))
    #expect(file.byteCount == content.count)
    let ranges = [0..<0, 0..<1, 0..<50_000, 1..<49_999, 4096..<8192, 5000..<6000, 50_000..<50_000]
    for range in ranges {
      file.release(range)
      #expect(file.bytes.elementsEqual(content))
      var copy = [UInt8](repeating: 0, count: range.count)
      copy.withUnsafeMutableBytes { bytes in
        // An empty array has no memory to copy to.
        if let base = bytes.baseAddress, !range.isEmpty { file.copy(range, to: base) }
      }
      #expect(copy.elementsEqual(content[range]))
    }
  }

  @Test("A single byte is a file")
  func oneByte() throws {
    let folder = try TemporaryFolder()
    let file = try MappedFile(path: folder.write([42]))
    #expect(Array(file.bytes) == [42])
    file.release(0..<1)
    #expect(Array(file.bytes(in: 0..<1)) == [42])
  }
}
