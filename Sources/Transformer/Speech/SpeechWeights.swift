// What a speech model takes its weights from: tensors by name, with checked shapes.

import TensorCore

/// Gives the parts of a model the tensors of its file. Absent ones are noted, and a stand-in
/// without memory of its own is returned, so that loading can end with one error that names all.
final class SpeechWeights {
  let hyperparameters: SpeechHyperparameters
  let file: SpeechFile
  private let isExact: Bool
  private let pool: WorkerPool
  private var missing: [String] = []
  private var taken: Set<String> = []

  init(_ file: SpeechFile, isExact: Bool, pool: WorkerPool) {
    self.file = file
    hyperparameters = file.hyperparameters
    self.isExact = isExact
    self.pool = pool
  }

  /// A weight matrix `[rows, columns]`, packed.
  func matrix(_ name: String, rows: Int, columns: Int) throws -> PackedMatrix {
    guard let tensor = try tensor(name, shape: [columns, rows]) else {
      return PackedMatrix(standInRows: rows, columns: columns)
    }
    return try PackedMatrix(tensor, exact: isExact, pool: pool)
  }

  /// The weights of a convolution, `[outputs, inputs × width]`, packed.
  func kernel(_ name: String, outputs: Int, inputs: Int, width: Int) throws -> PackedMatrix {
    let stored = [width, inputs, outputs]
    guard let tensor = try tensor(name, shape: stored) else {
      return PackedMatrix(standInRows: outputs, columns: inputs * width)
    }
    return try PackedMatrix(
      GGUFTensor(
        name: name, shape: [width * inputs, outputs], format: tensor.format,
        elementCount: tensor.elementCount, range: tensor.range, file: tensor.file),
      exact: isExact, pool: pool)
  }

  /// A vector of `count` parameters.
  func vector(_ name: String, count: Int) throws -> Vector {
    guard let tensor = try tensor(name, shape: [count]) else { return try Vector(zeros: 1) }
    return try Vector(tensor)
  }

  /// A table `[rows, columns]` of parameters.
  func table(_ name: String, rows: Int, columns: Int) throws -> Vector {
    guard let tensor = try tensor(name, shape: [columns, rows]) else {
      return try Vector(zeros: 1)
    }
    return try Vector(tensor)
  }

  /// A norm around the mean.
  func norm(_ name: String) throws -> Norm {
    Norm(
      try vector(name + ".weight", count: hyperparameters.textWidth),
      bias: try vector(name + ".bias", count: hyperparameters.textWidth),
      epsilon: SpeechHyperparameters.normEpsilon, isCentred: true)
  }

  /// A table whose rows are read one by one from the mapped file; nil where it is absent.
  func rowTable(_ name: String, rows: Int, columns: Int) throws -> RowTable? {
    try tensor(name, shape: [columns, rows]).map { RowTable($0) }
  }

  /// Throws the error that names every missing tensor, or those that nobody took.
  func finish() throws(ModelError) {
    guard missing.isEmpty else {
      throw ModelError(
        .missingTensor,
        "\(file.path): lacks \(Self.list(missing)), which a speech model has: the file is "
          + "incomplete or of a variant that is not supported")
    }
    let left = file.tensors.keys.filter { !taken.contains($0) }.sorted()
    guard left.isEmpty else {
      throw ModelError(
        .unsupported,
        "\(file.path): holds \(Self.list(left.map(GGUFError.quoted))), which no speech model has: "
          + "the file is of a variant that is not supported")
    }
  }

  /// Names of tensors, the first few of many.
  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(8).joined(separator: ", ")
    return (names.count == 1 ? "the tensor " : "the tensors ") + shown
      + (names.count > 8 ? " and \(names.count - 8) more" : "")
  }

  /// Extents of 1 say nothing: a bias of a convolution is stored as a matrix.
  private func tensor(_ name: String, shape: [Int]) throws(ModelError) -> GGUFTensor? {
    guard let tensor = file.tensors[name] else {
      missing.append(name)
      return nil
    }
    taken.insert(name)
    guard tensor.shape.filter({ $0 > 1 }) == shape.filter({ $0 > 1 }) else {
      throw ModelError(
        .wrongShape,
        "\(file.path): the tensor \(name) has the shape \(tensor.shape), expected \(shape)")
    }
    guard tensor.shape == shape else {
      // Rows of blocks stay what they are; only single numbers can be looked at otherwise.
      guard tensor.format.blockElements == 1 else {
        throw ModelError(
          .wrongShape,
          "\(file.path): the tensor \(name) has the shape \(tensor.shape), expected \(shape)")
      }
      return GGUFTensor(
        name: name, shape: shape, format: tensor.format, elementCount: tensor.elementCount,
        range: tensor.range, file: tensor.file)
    }
    return tensor
  }
}
