// What a family's recipe takes its weights from: tensors by name, checked shapes, all threads.

package import TensorCore

/// Gives a recipe the tensors of a model file.
///
/// A tensor that is absent is noted, and a stand-in is returned, so that loading can end with one
/// error that names all that are missing (`finish`).
package final class WeightLoader {
  package let hyperparameters: Hyperparameters
  package let metadata: GGUFMetadata
  private let file: GGUFFile
  private let isExact: Bool
  private let pool: WorkerPool
  private let progress: (Double) -> Void
  private let isCancelled: () -> Bool
  private var missing: [String] = []
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
    if isCancelled() { throw CancellationError() }
    guard let tensor = try tensor(name, shape: [columns, rows]) else {
      missing.append(name)
      return PackedMatrix(standInRows: rows, columns: columns)
    }
    defer {
      bytesDone += tensor.byteCount
      progress(min(1, Double(bytesDone) / Double(bytesTotal)))
    }
    return try PackedMatrix(tensor, exact: isExact, pool: pool)
  }

  /// A vector of `count` parameters.
  package func vector(_ name: String, count: Int) throws -> Vector {
    guard let vector = try optionalVector(name, count: count) else {
      missing.append(name)
      return try Vector(zeros: 1)
    }
    return vector
  }

  /// Parameters of a fixed shape, the first dimension innermost.
  package func table(_ name: String, shape: [Int]) throws -> Vector {
    if let tensor = try tensor(name, shape: shape) { return try Vector(tensor) }
    missing.append(name)
    return try Vector(zeros: shape.reduce(1, *))
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

  /// Throws the error that names every missing tensor.
  package func finish() throws(ModelError) {
    guard !missing.isEmpty else { return }
    let shown = missing.prefix(8).joined(separator: ", ")
    let rest = missing.count > 8 ? " and \(missing.count - 8) more" : ""
    throw ModelError(
      .missingTensor,
      "\(file.path): lacks \(missing.count == 1 ? "the tensor" : "the tensors") \(shown)\(rest), "
        + "which a \(hyperparameters.architecture) model has: the file is incomplete or of a "
        + "variant that is not supported")
  }

  private func tensor(_ name: String, shape: [Int]) throws(ModelError) -> GGUFTensor? {
    guard let tensor = file.tensor(named: name) else { return nil }
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
