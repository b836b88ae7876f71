// What a family's recipe takes its weights from: tensors by name, checked shapes, all threads.

package import TensorCore

/// Gives a recipe the tensors of a model file.
///
/// A tensor that is absent is noted, and a stand-in without memory of its own is returned, so that
/// loading can end with one error that names all that are missing (`finish`).
package final class WeightLoader {
  package let hyperparameters: Hyperparameters
  package let metadata: GGUFMetadata
  /// Tokens of a conversation that the model is loaded for.
  package let contextLength: Int
  /// Whether norms have weights in the file; OLMo's have none.
  package var normsHaveWeights = true
  private let file: GGUFFile
  private let isExact: Bool
  private let pool: WorkerPool
  private let progress: (Double) -> Void
  private let isCancelled: () -> Bool
  private var missing: [String] = []
  private var taken: Set<String> = []
  private var bytesDone = 0
  private let bytesTotal: Int

  /// - Parameter hyperparameters: those of the file, where the caller has read them.
  package init(
    _ file: GGUFFile, _ family: any Architecture.Type, _ hyperparameters: Hyperparameters? = nil,
    contextLength: Int, isExact: Bool, pool: WorkerPool,
    progress: @escaping (Double) -> Void, isCancelled: @escaping () -> Bool = { false }
  ) throws {
    self.file = file
    self.contextLength = contextLength
    self.isExact = isExact
    self.pool = pool
    self.progress = progress
    self.isCancelled = isCancelled
    metadata = file.metadata
    bytesTotal = max(1, file.tensors.reduce(0) { $0 + $1.byteCount })
    self.hyperparameters = try hyperparameters ?? Hyperparameters(file, family)
  }

  /// Whether the file has a tensor.
  package func has(_ name: String) -> Bool { file.tensor(named: name) != nil }

  /// A weight matrix `[rows, columns]`, packed.
  package func matrix(_ name: String, rows: Int, columns: Int) throws -> PackedMatrix {
    guard let tensor = try tensor(name, shape: [columns, rows]) else {
      missing.append(name)
      return PackedMatrix(standInRows: rows, columns: columns)
    }
    return try pack(tensor, scale: scale(name))
  }

  /// Matrices with `columns` columns and the given numbers of rows, packed: tensors of their own, or
  /// one below the other in the tensor `fused`.
  package func matrices(
    _ names: [String], fused: String, rows: [Int], columns: Int
  ) throws -> [PackedMatrix] {
    guard has(fused) else {
      return try zip(names, rows).map { try matrix($0, rows: $1, columns: columns) }
    }
    return try parts(fused, rows: rows, columns: columns)
  }

  /// Matrices with `columns` columns and the given numbers of rows, one below the other in a tensor,
  /// packed.
  package func parts(_ name: String, rows: [Int], columns: Int) throws -> [PackedMatrix] {
    guard let tensor = try tensor(name, shape: [columns, rows.reduce(0, +)]) else {
      missing.append(name)
      return rows.map { PackedMatrix(standInRows: $0, columns: columns) }
    }
    return try pack(tensor, rows: rows, scale: scale(name))
  }

  /// `count` times matrices with `columns` columns and the given numbers of rows, one below the other in a
  /// tensor, packed. Where they are absent, loading ends here: there may be many.
  ///
  /// - Parameter isScaled: whether a factor beside them is taken too.
  package func stack(
    _ name: String, count: Int, rows: [Int], columns: Int, isScaled: Bool = true
  ) throws -> [[PackedMatrix]] {
    let height = rows.reduce(0, +)
    guard let tensor = try tensor(name, shape: [columns, height, count]) else {
      missing.append(name)
      throw missingError
    }
    let scales =
      isScaled ? try scales(name, count: count, of: tensor) : Array(repeating: 1, count: count)
    return try (0..<count).map {
      try pack(tensor.rows($0 * height..<($0 + 1) * height), rows: rows, scale: scales[$0])
    }
  }

  /// Vectors of the given counts that some files have and others do not: tensors of their own, or one
  /// after the other in the tensor `fused`.
  package func optionalVectors(
    _ names: [String], fused: String, counts: [Int]
  ) throws -> [Vector?] {
    guard let all = try optionalVector(fused, count: counts.reduce(0, +)) else {
      return try zip(names, counts).map { try optionalVector($0, count: $1) }
    }
    var first = 0
    return try counts.map { count in
      defer { first += count }
      return try Vector((first..<first + count).map { all[$0] })
    }
  }

  /// `count` vectors of one tensor that some files have and others do not.
  package func optionalStack(_ name: String, count: Int, length: Int) throws -> [Vector] {
    guard let tensor = try tensor(name, shape: [length, count]) else { return [] }
    return try (0..<count).map { try Vector(tensor.rows($0..<$0 + 1)) }
  }

  /// Rows of a tensor; nil where there is none.
  package func rowCount(_ name: String) -> Int? {
    file.tensor(named: name).map { $0.shape.dropFirst().first ?? 1 }
  }

  /// The first row of a tensor that some files have and others do not, however many it has.
  package func firstRow(_ name: String, columns: Int) throws -> Vector? {
    let rows = max(1, rowCount(name) ?? 1)
    return try tensor(name, shape: [columns, rows]).map { try Vector($0.rows(0..<1)) }
  }

  /// Matrices of so many rows each, one below the other in a tensor.
  private func pack(_ tensor: GGUFTensor, rows: [Int], scale: Float) throws -> [PackedMatrix] {
    var first = 0
    return try rows.map { count in
      defer { first += count }
      return try pack(tensor.rows(first..<first + count), scale: scale)
    }
  }

  private func pack(_ tensor: GGUFTensor, scale: Float) throws -> PackedMatrix {
    if isCancelled() { throw CancellationError() }
    defer {
      bytesDone += tensor.byteCount
      progress(min(1, Double(bytesDone) / Double(bytesTotal)))
    }
    return try PackedMatrix(tensor, scale: scale, exact: isExact, pool: pool)
  }

  /// The factor on all weights of a matrix, which NVFP4 has beside the scales of its blocks. What its
  /// activations were scaled by is for hardware that multiplies in this format.
  private func scale(_ name: String) throws -> Float {
    let stem = name.dropLast("weight".count)
    _ = try optionalVector(stem + "input_scale", count: 1)
    // Some families name something else so, which is longer.
    guard file.tensor(named: stem + "scale")?.elementCount == 1 else { return 1 }
    return try optionalVector(stem + "scale", count: 1)?[0] ?? 1
  }

  /// The factors on all weights of each matrix of a stack: one for all, or, for NVFP4, one for each. Other
  /// formats are packed otherwise where there is a factor, and all matrices of a stack are packed alike.
  private func scales(_ name: String, count: Int, of tensor: GGUFTensor) throws -> [Float] {
    guard let found = try factors(name, count: count) else {
      return Array(repeating: try scale(name), count: count)
    }
    guard tensor.format == .NVFP4 || found.allSatisfy({ $0 == found[0] }) else {
      throw ModelError(
        .unsupported,
        "\(file.path): the tensor \(name) has a factor for each matrix, which is not supported for "
          + tensor.format.name)
    }
    return found
  }

  /// The factors beside the matrices of a stack, one for each; nil where there are none.
  package func factors(_ name: String, count: Int) throws -> [Float]? {
    let factors = String(name.dropLast("weight".count)) + "scale"
    guard let tensor = file.tensor(named: factors), tensor.elementCount != 1,
      let found = try optionalVector(factors, count: count)
    else { return nil }
    return (0..<count).map { found[$0] }
  }

  /// Takes tensors that files have and nobody needs.
  package func ignore(_ names: [String]) { taken.formUnion(names) }

  /// A vector of `count` parameters.
  package func vector(_ name: String, count: Int) throws -> Vector {
    guard let vector = try optionalVector(name, count: count) else {
      missing.append(name)
      return try Vector(zeros: 1)
    }
    return vector
  }

  /// Parameters of a fixed shape, the first dimension innermost. Where they are absent, loading ends
  /// here: who asks for them reads them all, and a stand-in would be as large as the file says.
  package func table(_ name: String, shape: [Int]) throws -> Vector {
    guard let tensor = try tensor(name, shape: shape) else {
      missing.append(name)
      throw missingError
    }
    return try Vector(tensor)
  }

  /// A vector that some files of the family have and others do not.
  package func optionalVector(_ name: String, count: Int) throws -> Vector? {
    try tensor(name, shape: [count]).map { try Vector($0) }
  }

  /// The token embeddings, read row by row from the mapped file.
  package func embeddings() throws -> RowTable? {
    try rowTable(hyperparameters.embeddingName, columns: hyperparameters.embeddingLength)
  }

  /// A row for each token of the vocabulary, read one by one from the mapped file.
  package func rowTable(_ name: String, columns: Int) throws -> RowTable? {
    guard let tensor = try tensor(name, shape: [columns, hyperparameters.vocabularyCount]) else {
      missing.append(name)
      return nil
    }
    return RowTable(tensor)
  }

  /// The output head; files with tied embeddings have none of its own.
  package func outputHead() throws -> PackedMatrix {
    let name = has("output.weight") ? "output.weight" : hyperparameters.embeddingName
    return try matrix(
      name, rows: hyperparameters.vocabularyCount, columns: hyperparameters.embeddingLength)
  }

  /// Throws the error that names every missing tensor, or every one that nobody took: a model
  /// without a part of its weights computes something else. A head that ranks or classifies has no part
  /// in states and logits.
  package func finish() throws(ModelError) {
    guard missing.isEmpty else { throw missingError }
    let left = file.tensors.map(\.name).filter {
      !taken.contains($0) && !hyperparameters.isOfPrediction($0) && !$0.hasPrefix("cls.")
    }
    guard left.isEmpty else {
      throw ModelError(
        .unsupported,
        "\(file.path): holds \(Self.tensors(left.map(GGUFError.quoted))), which a "
          + "\(hyperparameters.architecture) model does not have: the file is of a variant that is "
          + "not supported")
    }
  }

  /// The error that names what was found missing so far.
  private var missingError: ModelError {
    ModelError(
      .missingTensor,
      "\(file.path): lacks \(Self.tensors(missing)), which a \(hyperparameters.architecture) model "
        + "has: the file is incomplete or of a variant that is not supported")
  }

  /// Names of tensors, the first few of many.
  private static func tensors(_ names: [String]) -> String {
    let shown = names.prefix(8).joined(separator: ", ")
    let rest = names.count > 8 ? " and \(names.count - 8) more" : ""
    return "\(names.count == 1 ? "the tensor" : "the tensors") \(shown)\(rest)"
  }

  private func tensor(_ name: String, shape: [Int]) throws(ModelError) -> GGUFTensor? {
    guard let tensor = file.tensor(named: name) else { return nil }
    taken.insert(name)
    var found = tensor.shape
    while found.count > shape.count, found.last == 1 { found.removeLast() }
    guard found == shape else {
      throw ModelError(
        .wrongShape,
        "\(file.path): the tensor \(name) has the shape \(tensor.shape), expected \(shape)")
    }
    guard tensor.format.holdsWeights else {
      throw ModelError(
        .unsupported,
        "\(file.path): the tensor \(name) has the type \(tensor.format.name), which holds no weights"
      )
    }
    return tensor
  }
}
