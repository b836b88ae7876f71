// Models that are split into several GGUF files.

/// The parts of a split model, as the first of them describes itself.
///
/// Source: `gguf-split` of llama.cpp: every part has the keys `split.no` (from 0), `split.count` and
/// `split.tensors.count` (of all parts together); the files are named `PREFIX-%05d-of-%05d.gguf`,
/// counted from 1; the other metadata is in the first part alone.
struct GGUFParts {
  /// How many files the model has; 1 when it is not split.
  let count: Int
  private let prefix: String
  /// The tensors of all parts, where the first part says so.
  private let tensorCount: Int?
  private let path: String

  /// What `metadata` says of the file at `path`, which must be the first part or a whole model.
  init(path: String, metadata: GGUFMetadata) throws(GGUFError) {
    self.path = path
    let count = try metadata.int("split.count") ?? 1
    guard count > 1 else {
      self.count = 1
      prefix = path
      tensorCount = nil
      return
    }
    guard count <= 65_535 else {
      throw GGUFError(
        .shards, path: path, "says that it is split into \(count) parts; at most 65535 are read")
    }
    let number = try metadata.int("split.no") ?? 0
    guard (0..<count).contains(number) else {
      throw GGUFError(
        .shards, path: path,
        "calls itself part with split.no \(number) of \(count); they are counted from 0")
    }
    let isNamed = path.hasSuffix(Self.suffix(number, of: count))
    guard number == 0 else {
      let first =
        isNamed
        ? String(path.dropLast(Self.suffix(number, of: count).count)) + Self.suffix(0, of: count)
        : "the one whose name ends in \(Self.suffix(0, of: count))"
      throw GGUFError(
        .shards, path: path,
        "is part \(number + 1) of \(count) of a split model; open the first part: \(first)")
    }
    guard isNamed else {
      throw GGUFError(
        .shards, path: path,
        "is the first of \(count) parts, whose name should end in \(Self.suffix(0, of: count)) so "
          + "that the others can be found; give all parts their original names")
    }
    self.count = count
    prefix = String(path.dropLast(Self.suffix(0, of: count).count))
    tensorCount = try metadata.int("split.tensors.count")
  }

  /// Maps part `index`, counted from 0.
  func open(_ index: Int) throws(GGUFError) -> MappedFile {
    let path = prefix + Self.suffix(index, of: count)
    do { return try MappedFile(path: path) } catch {
      guard error.code == .missing else { throw GGUFError(error) }
      throw GGUFError(
        .file(.missing), path: path,
        "no such file; it is part \(index + 1) of \(count): put all parts into one folder")
    }
  }

  /// The tensors of a part, once it is known to be that part.
  func tensors(of file: MappedFile, index: Int) throws(GGUFError) -> [GGUFTensor] {
    let contents = try GGUFReader.contents(of: file)
    let number = try contents.metadata.requiredInt("split.no")
    let total = try contents.metadata.requiredInt("split.count")
    guard number == index, total == count else {
      throw GGUFError(
        .shards, path: file.path,
        "should be part \(index + 1) of \(count), but calls itself part with split.no \(number) "
          + "of \(total); download all parts again")
    }
    return contents.tensors
  }

  /// Compares what was found with what the first part announces.
  func check(tensorCount found: Int) throws(GGUFError) {
    guard let tensorCount, tensorCount != found else { return }
    throw GGUFError(
      .shards, path: path,
      "announces \(tensorCount) tensors in \(count) parts, but they hold \(found); "
        + "download all parts again")
  }

  /// The end of the name of part `index`, counted from 0.
  private static func suffix(_ index: Int, of count: Int) -> String {
    "-\(padded(index + 1))-of-\(padded(count)).gguf"
  }

  private static func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }
}
