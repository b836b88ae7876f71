// Reading the list of tensors and placing their data.

import KernelInterface

extension GGUFReader {
  /// The shortest description: a name of one byte, one dimension, its extent, a type, an offset.
  private static let minimumDescriptionBytes = 8 + 1 + 4 + 8 + 4 + 8
  /// Longest name that GGML holds: its 64 bytes end with a zero.
  static let maximumNameBytes = 63
  private static let maximumDimensionCount: UInt32 = 4
  /// Data aligned to less could not be read as numbers in place; more than a huge page is an error.
  private static let alignments = 8...(1 << 21)

  /// A tensor whose data has not been placed yet.
  private struct Description {
    let name: String
    let shape: [Int]
    let format: TensorFormat
    let elementCount: Int
    let byteCount: Int
    /// From the beginning of the data section.
    let offset: UInt64
  }

  /// The next `count` tensors, with their data checked to lie in the file, aligned and apart.
  mutating func tensors(count: UInt64, metadata: GGUFMetadata) throws(GGUFError) -> [GGUFTensor] {
    let count = try checked(
      count: count, of: "tensors", minimumBytes: Self.minimumDescriptionBytes)
    let alignment = try alignment(metadata)
    var names = Set<String>()
    var descriptions: [Description] = []
    descriptions.reserveCapacity(count)
    for index in 0..<count {
      let description = try description(index: index)
      guard names.insert(description.name).inserted else {
        throw damage(description.name, "is listed twice")
      }
      descriptions.append(description)
    }
    guard count > 0 else { return [] }
    // At most 2 MiB beyond an offset inside the file: this cannot overflow.
    let start = (offset + alignment - 1) / alignment * alignment
    var tensors: [GGUFTensor] = []
    tensors.reserveCapacity(count)
    var end = start
    for description in descriptions {
      let range = try place(description, from: start, alignment: alignment)
      end = max(end, range.upperBound)
      tensors.append(
        GGUFTensor(
          name: description.name, shape: description.shape, format: description.format,
          elementCount: description.elementCount, range: range, file: file))
    }
    guard end <= file.byteCount else {
      throw GGUFError(
        .truncated, path: path,
        "is incomplete: its tensors need \(end) bytes, the file has \(file.byteCount); "
          + "download it again")
    }
    try checkOverlap(tensors)
    return tensors
  }

  private func alignment(_ metadata: GGUFMetadata) throws(GGUFError) -> Int {
    guard let alignment = try metadata.int("general.alignment") else { return 32 }
    guard Self.alignments.contains(alignment), alignment.nonzeroBitCount == 1 else {
      throw GGUFError(
        .metadata, path: path,
        "metadata 'general.alignment' should be a power of two from 8 to "
          + "\(Self.alignments.upperBound), but is \(alignment); convert the model again")
    }
    return alignment
  }

  private mutating func description(index: Int) throws(GGUFError) -> Description {
    let what = "the description of tensor \(index)"
    let name = try name(index: index, what)
    let dimensionCount: UInt32 = try integer(what)
    guard dimensionCount >= 1, dimensionCount <= Self.maximumDimensionCount else {
      throw damage(name, "has \(dimensionCount) dimensions instead of 1 to 4")
    }
    var shape: [Int] = []
    var elementCount = 1
    for _ in 0..<dimensionCount {
      let extent: UInt64 = try integer(what)
      guard let extent = Int(exactly: extent), extent > 0 else {
        throw damage(name, "has an extent of \(extent) elements")
      }
      let (product, overflow) = elementCount.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw damage(name, "has more than 2^63 elements") }
      elementCount = product
      shape.append(extent)
    }
    let format = try format(of: name, what)
    guard shape[0] % format.blockElements == 0 else {
      throw damage(
        name,
        "has rows of \(shape[0]) elements, but \(format.name) comes in blocks of "
          + "\(format.blockElements)")
    }
    // Rows are whole blocks, and so is the tensor.
    guard let byteCount = format.rowBytes(elements: elementCount) else {
      throw damage(name, "has more than 2^63 bytes")
    }
    return Description(
      name: name, shape: shape, format: format, elementCount: elementCount, byteCount: byteCount,
      offset: try integer(what))
  }

  private mutating func name(index: Int, _ what: String) throws(GGUFError) -> String {
    let range = try stringRange(what)
    guard !range.isEmpty, range.count <= Self.maximumNameBytes else {
      throw GGUFError(
        .tensor, path: path,
        "the name of tensor \(index) has \(range.count) bytes instead of 1 to "
          + "\(Self.maximumNameBytes); the file is damaged: download it again")
    }
    guard let name = file.validText(in: range) else {
      throw GGUFError(
        .tensor, path: path,
        "the name of tensor \(index) is not UTF-8; the file is damaged: download it again")
    }
    return name
  }

  private mutating func format(of name: String, _ what: String) throws(GGUFError) -> TensorFormat {
    let number: UInt32 = try integer(what)
    guard let format = TensorFormat(rawValue: number) else {
      let known = TensorFormat.allCases.filter(\.holdsWeights).map { "\($0.name) (\($0.rawValue))" }
      throw GGUFError(
        .tensor, path: path,
        "tensor \(GGUFError.quoted(name)) has type number \(number), which is unknown; weights may be "
          + known.joined(separator: ", ") + ": quantise the model to one of these")
    }
    return format
  }

  /// The tensor's place in the file, which may still lie beyond the file's end.
  private func place(
    _ tensor: Description, from start: Int, alignment: Int
  ) throws(GGUFError) -> Range<Int> {
    guard tensor.offset % UInt64(alignment) == 0 else {
      throw damage(
        tensor.name, "lies at offset \(tensor.offset), which is no multiple of \(alignment)")
    }
    guard let offset = Int(exactly: tensor.offset),
      case let (begin, overflow) = start.addingReportingOverflow(offset), !overflow,
      case let (end, overflow) = begin.addingReportingOverflow(tensor.byteCount), !overflow
    else { throw damage(tensor.name, "lies at offset \(tensor.offset), beyond any file") }
    return begin..<end
  }

  /// Throws when the data of two tensors has a byte in common: writers never share data, and two
  /// weights that alias each other mean damage.
  private func checkOverlap(_ tensors: [GGUFTensor]) throws(GGUFError) {
    let order = tensors.indices.sorted {
      tensors[$0].range.lowerBound < tensors[$1].range.lowerBound
    }
    for (first, second) in zip(order, order.dropFirst())
    where tensors[first].range.upperBound > tensors[second].range.lowerBound {
      throw damage(
        tensors[second].name, "lies over the data of \(GGUFError.quoted(tensors[first].name))")
    }
  }

  /// The error for a tensor that breaks the rules of the format.
  private func damage(_ name: String, _ what: String) -> GGUFError {
    GGUFError(
      .tensor, path: path,
      "tensor \(GGUFError.quoted(name)) \(what); the file is damaged: download it again")
  }
}
