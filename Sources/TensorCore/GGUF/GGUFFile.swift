// A model file in GGUF format: metadata and tensors, mapped and checked, nothing copied.

/// A model in GGUF format, in one file or in several parts, mapped into memory.
///
/// Opening reads the header, the metadata and the list of tensors, and checks them all: every tensor
/// lies inside its file, aligned, and apart from the others. Strings of arrays and the tensors' data
/// are not touched, so a vocabulary of 262,144 tokens opens in milliseconds. Whether the metadata and
/// the tensors make a model is for the layers above.
///
/// Source: the GGUF specification (ggml, `docs/gguf.md`), versions 2 and 3, little-endian. Arrays of
/// arrays are refused; version 1 is too, whose files nobody has made since August 2023.
public struct GGUFFile: Sendable {
  /// The path as it was given.
  public let path: String
  /// 2 or 3.
  public let version: UInt32
  /// The pairs of the file, or of the first part.
  public let metadata: GGUFMetadata
  /// The tensors in file order, part after part. A file that holds a vocabulary alone has none.
  public let tensors: [GGUFTensor]
  /// The mapped file, or the parts of a split model in order.
  package let files: [MappedFile]
  private let places: [String: Int]

  /// Opens and checks the file at `path`. Of a split model (`NAME-00001-of-00003.gguf`), give the
  /// first part; the others are looked for beside it.
  public init(path: String) throws(GGUFError) {
    let first = try Self.map(path)
    let contents = try GGUFReader.contents(of: first)
    let parts = try GGUFParts(path: path, metadata: contents.metadata)
    var files = [first]
    var tensors = contents.tensors
    for index in 1..<parts.count {
      let file = try parts.open(index)
      files.append(file)
      tensors += try parts.tensors(of: file, index: index)
    }
    var places: [String: Int] = [:]
    places.reserveCapacity(tensors.count)
    for (place, tensor) in tensors.enumerated() {
      guard places.updateValue(place, forKey: tensor.name) == nil else {
        throw GGUFError(
          .shards, path: tensor.file.path,
          "holds tensor \(GGUFError.quoted(tensor.name)), which an earlier part holds already; "
            + "download all parts again")
      }
    }
    try parts.check(tensorCount: tensors.count)
    self.path = path
    self.version = contents.version
    self.metadata = contents.metadata
    self.tensors = tensors
    self.files = files
    self.places = places
  }

  /// The tensor of that name, if there is one.
  public func tensor(named name: String) -> GGUFTensor? {
    places[name].map { tensors[$0] }
  }

  /// Whether the file at `path` is the model's, or one of its parts.
  package func isStored(at path: String) -> Bool {
    files.contains { isSameFile($0.path, path) }
  }

  private static func map(_ path: String) throws(GGUFError) -> MappedFile {
    do { return try MappedFile(path: path) } catch { throw GGUFError(error) }
  }
}
