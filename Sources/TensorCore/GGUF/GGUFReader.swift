// A cursor over a GGUF file that checks every number before it is used.

/// Reads one file, part or whole model, from the front. Nothing is allocated by a count that the rest
/// of the file could not hold.
struct GGUFReader {
  let file: MappedFile
  /// The next byte to read.
  var offset = 0

  var path: String { file.path }
  private var remaining: Int { file.byteCount - offset }

  /// What one file holds.
  struct Contents {
    let version: UInt32
    let metadata: GGUFMetadata
    let tensors: [GGUFTensor]
  }

  /// Everything in the file but the tensors' data. Layout: magic, version, tensor count, pair count,
  /// pairs, tensor descriptions, padding, data.
  static func contents(of file: MappedFile) throws(GGUFError) -> Contents {
    var reader = GGUFReader(file: file)
    let version = try reader.version()
    let tensorCount: UInt64 = try reader.integer("the header")
    let pairCount: UInt64 = try reader.integer("the header")
    let metadata = try reader.metadata(pairCount: pairCount)
    let tensors = try reader.tensors(count: tensorCount, metadata: metadata)
    return Contents(version: version, metadata: metadata, tensors: tensors)
  }

  private mutating func version() throws(GGUFError) -> UInt32 {
    try checkMagic()
    let version: UInt32 = try integer("the header")
    switch version {
    case 2, 3: return version
    case _ where version.byteSwapped <= 3 && version != 0:
      throw GGUFError(
        .bigEndian, path: path,
        "is a big-endian GGUF file; only little-endian ones are read: take the usual download, "
          + "or convert it with gguf_convert_endian")
    default:
      throw GGUFError(
        .version, path: path,
        "has GGUF version \(version), but only versions 2 and 3 are read; "
          + "convert the model again with current tools")
    }
  }

  // MARK: Primitives

  /// The next little-endian integer; `what` is named when the file ends before it.
  mutating func integer<T: FixedWidthInteger>(_ what: String) throws(GGUFError) -> T {
    guard let value = file.integer(T.self, at: offset) else {
      throw truncation(in: what, needing: UInt64(MemoryLayout<T>.size))
    }
    offset += MemoryLayout<T>.size
    return value
  }

  /// The next string's place: a 64-bit length and so many bytes.
  mutating func stringRange(_ what: String) throws(GGUFError) -> Range<Int> {
    let length: UInt64 = try integer(what)
    guard length <= UInt64(remaining) else { throw truncation(in: what, needing: length) }
    let start = offset
    offset += Int(length)
    return start..<offset
  }

  /// `count`, once it is known that so many things of at least `minimumBytes` fit the rest.
  func checked(count: UInt64, of what: String, minimumBytes: Int) throws(GGUFError) -> Int {
    guard count <= UInt64(remaining / minimumBytes) else {
      throw GGUFError(
        .truncated, path: path,
        "announces \(count) \(what), for which the \(remaining) bytes from byte \(offset) on are "
          + "too few; the file is damaged or incomplete: download it again")
    }
    return Int(count)
  }

  /// The error for a file that ends inside `what`, where `bytes` more should follow.
  func truncation(in what: String, needing bytes: UInt64) -> GGUFError {
    let (needed, overflow) = bytes.addingReportingOverflow(UInt64(offset))
    let size = overflow ? "more than 2^64 bytes" : "at least \(needed) bytes"
    return GGUFError(
      .truncated, path: path,
      "is damaged or incomplete: \(what) needs \(size), the file has \(file.byteCount); "
        + "download it again")
  }
}
