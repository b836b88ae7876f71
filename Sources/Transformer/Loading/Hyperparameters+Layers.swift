// What a file says of each layer.

import TensorCore

extension Hyperparameters {
  /// Whether a layer has key-value heads.
  package func attends(_ layer: Int) -> Bool { layersAttend[layer] }

  /// Whether a tensor is of a layer that predicts a token beyond the next.
  func isOfPrediction(_ name: String) -> Bool {
    guard name.hasPrefix("blk."), let index = Int(name.dropFirst(4).prefix { $0 != "." }) else {
      return false
    }
    return index >= blockCount && index < blockCount + predictionBlockCount
  }

  /// One truth value a layer, or one for all; nil where the file has none, or a number. Some files
  /// count the layers that predict a token beyond the next.
  package func bools(_ key: String) throws -> [Bool]? {
    let key = "\(architecture).\(key)"
    switch metadata[key] {
    case .bool(let value)?: return Array(repeating: value, count: blockCount)
    case .array(let array)?:
      let all = blockCount + predictionBlockCount
      let count = array.count == all ? all : blockCount
      return try metadata.bools(key, count: count).map { Array($0.prefix(blockCount)) }
    default: return nil
    }
  }

  /// Numbers of `count` layers. Some files have those of all, layers that predict a token beyond
  /// the next among them.
  static func ints(
    _ key: String, _ metadata: GGUFMetadata, count: Int, all: Int
  ) throws -> [Int]? {
    let found = try metadata.ints(key)?.count == all ? all : count
    return try metadata.ints(key, count: found).map { Array($0.prefix(count)) }
  }

  /// Numbers from `least` on, one a layer. Those that name zeros may be skipped, so that fewer are
  /// left.
  static func numbers(
    _ key: String, _ metadata: GGUFMetadata, _ path: String, count: Int, all: Int, most: Int,
    default value: Int? = nil, mayDiffer: Bool = false, skippingZeros: Bool = false,
    least: Int = 1
  ) throws -> [Int] {
    guard metadata[key] != nil || value != nil else { return [try metadata.requiredInt(key)] }
    var values =
      try ints(key, metadata, count: count, all: all) ?? Array(repeating: value!, count: count)
    if skippingZeros, values.contains(where: { $0 != 0 }) { values.removeAll { $0 == 0 } }
    guard mayDiffer || values.allSatisfy({ $0 == values[0] }) else {
      throw ModelError(
        .unsupported, "\(path): \(key) differs from layer to layer, which is not supported")
    }
    for value in values where value < least || value > most {
      throw ModelError(
        .badMetadata, "\(path): \(key) is \(value), expected a number from \(least) to \(most)")
    }
    return values
  }
}
