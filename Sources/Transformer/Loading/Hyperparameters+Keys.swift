// What a file says under the keys of its family, which begin with the family's name.

import TensorCore

extension Hyperparameters {
  /// A number of the family, `nil` where the file has none.
  package func int(_ key: String) throws -> Int? { try metadata.int("\(architecture).\(key)") }

  /// A number of the family within `range`, `nil` where the file has none.
  package func int(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
    guard let value = try int(key) else { return nil }
    guard range.contains(value) else {
      throw ModelError(
        .badMetadata,
        "\(path): \(architecture).\(key) is \(value), expected a number from "
          + "\(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// A number of the family that must be there and within `range`.
  package func requiredInt(_ key: String, in range: ClosedRange<Int>) throws -> Int {
    try int(key, in: range) ?? metadata.requiredInt("\(architecture).\(key)")
  }

  /// A truth value of the family, `nil` where the file has none.
  package func bool(_ key: String) throws -> Bool? { try metadata.bool("\(architecture).\(key)") }

  /// A finite number of the family, `nil` where the file has none.
  package func float(_ key: String) throws -> Float? {
    let key = "\(architecture).\(key)"
    guard let value = try metadata.float(key) else { return nil }
    guard value.isFinite else {
      throw ModelError(.badMetadata, "\(path): \(key) is \(value), expected a finite number")
    }
    return value
  }

  /// A text of the family, `nil` where the file has none.
  package func string(_ key: String) throws -> String? {
    try metadata.string("\(architecture).\(key)")
  }

  /// A factor of the family that is not 0.
  ///
  /// - Parameter value: the factor where the file names none; nil refuses such a file.
  func factor(_ key: String, default value: Float? = nil) throws -> Float {
    guard let factor = try float(key) ?? value, (1 / factor).isFinite else {
      throw unsupported(key, "is missing or 0, and no model of the family is without it")
    }
    return factor
  }

  /// An error that names a metadata key of the family.
  package func unsupported(_ key: String, _ reason: String) -> ModelError {
    ModelError(.unsupported, "\(path): \(architecture).\(key): \(reason)")
  }
}
