// What a family's recipe takes its weights from: tensors by name, checked shapes, all threads.

package import TensorCore

/// Gives a recipe the tensors of a model file.
///
/// A tensor that is absent is noted, and a stand-in without memory of its own is returned, so that
/// loading can end with one error that names all that are missing (`finish`).
package final class WeightLoader {
  package let hyperparameters: Hyperparameters
  package let metadata: GGUFMetadata
  private let file: GGUFFile
  private let isExact: Bool
  private let pool: WorkerPool
  private let progress: (Double) -> Void
  private let isCancelled: () -> Bool
  private var missing: [String] = []
  private var taken: Set<String> = []
  private var bytesDone = 0
  private let bytesTotal: Int

  package init(
    _ file: GGUFFile, _ kinds: LayerKinds, isExact: Bool, pool: WorkerPool,
    progress: @escaping (Double) -> Void, isCancelled: @escaping () -> Bool = { false }
  ) throws {
    self.file = file
    self.isExact = isExact
    self.pool = pool
    self.progress = progress
    self.isCancelled = isCancelled
    metadata = file.metadata
    bytesTotal = max(1, file.tensors.reduce(0) { $0 + $1.byteCount })
    hyperparameters = try Hyperparameters(file, kinds)
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
    guard has(fused),
      let tensor = try tensor(fused, shape: [columns, rows.reduce(0, +)])
    else { return try zip(names, rows).map { try matrix($0, rows: $1, columns: columns) } }
    let scale = try scale(fused)
    var first = 0
    return try rows.map { count in
      defer { first += count }
      return try pack(tensor.rows(first..<first + count), scale: scale)
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
    return try optionalVector(stem + "scale", count: 1)?[0] ?? 1
  }

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

  /// A norm, around the mean or not as the file has it.
  package func norm(_ name: String, count: Int) throws -> Norm {
    Norm(
      try vector(name, count: count), epsilon: hyperparameters.normEpsilon,
      isCentred: hyperparameters.normIsCentred)
  }

  /// A vector that some files of the family have and others do not.
  package func optionalVector(_ name: String, count: Int) throws -> Vector? {
    try tensor(name, shape: [count]).map { try Vector($0) }
  }

  /// The token embeddings, read row by row from the mapped file.
  package func embeddings() throws -> RowTable? {
    let name = "token_embd.weight"
    let h = hyperparameters
    guard let tensor = try tensor(name, shape: [h.embeddingLength, h.vocabularyCount]) else {
      missing.append(name)
      return nil
    }
    return RowTable(tensor)
  }

  /// The output head; files with tied embeddings have none of its own.
  package func outputHead() throws -> PackedMatrix {
    let name = has("output.weight") ? "output.weight" : "token_embd.weight"
    return try matrix(
      name, rows: hyperparameters.vocabularyCount, columns: hyperparameters.embeddingLength)
  }

  /// Throws the error that names every missing tensor, or every one that nobody took: a model
  /// without a part of its weights computes something else.
  package func finish() throws(ModelError) {
    guard missing.isEmpty else { throw missingError }
    let left = file.tensors.map(\.name).filter { !taken.contains($0) }
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
