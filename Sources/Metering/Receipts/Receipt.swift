// What a customer can hold against a bill: the numbers of one request, chained to the one before,
// signed, and proved to be among those of its month.

import FoundationEssentials

/// The receipt of a settled request.
package struct Receipt: Hashable, Codable, Sendable {
  /// What is signed.
  package struct Body: Hashable, Codable, Sendable {
    package let request: String
    package let account: Int64
    package let settledMilliseconds: Int64
    package let model: String
    /// The hash of what the model's tokens are made by (``UsageStore/noteTokenizer(_:of:)``), in hex;
    /// empty where it was not known.
    package let tokenizer: String
    package let promptTokens: Int64
    package let cachedPromptTokens: Int64
    package let completionTokens: Int64
    package let reasoningTokens: Int64
    package let audioMilliseconds: Int64
    package let priceList: Int64
    package let costPicoEuro: Int64
    package let isBillable: Bool
    /// The hash of the account's receipt before this one in its month; empty for the first.
    package let previous: String
  }

  package let body: Body
  /// Ed25519 over the body's bytes, in hex.
  package let signature: String
  /// The month's file that the request stands in.
  package let month: String
  /// Its place among the receipts of the month, and how many there are.
  package let index: Int
  package let count: Int
  /// The hashes beside the way to the month's root, in hex.
  package let path: [String]
  /// The root of the month, and the signature of `month`, `count` and `root`, in hex.
  package let root: String
  package let rootSignature: String

  /// JSON with sorted keys.
  package func encoded() throws -> [UInt8] {
    [UInt8](try Self.encoder.encode(self))
  }

  /// A receipt out of its JSON.
  package init(encoded bytes: [UInt8]) throws {
    self = try JSONDecoder().decode(Receipt.self, from: Data(bytes))
  }

  init(
    body: Body, signature: [UInt8], month: UTCMonth, index: Int, count: Int, path: [[UInt8]],
    root: [UInt8], rootSignature: [UInt8]
  ) {
    self.body = body
    self.signature = hexText(signature)
    self.month = month.description
    self.index = index
    self.count = count
    self.path = path.map { hexText($0) }
    self.root = hexText(root)
    self.rootSignature = hexText(rootSignature)
  }

  /// The first thing about it that does not hold under a public key; nil where all of it does.
  package func fault(publicKey: [UInt8]) throws -> String? {
    let message = try body.bytes()
    guard let signature = bytes(hex: signature), let root = bytes(hex: root),
      let rootSignature = bytes(hex: rootSignature)
    else { return "it is not written in hexadecimal digits" }
    guard SigningKey.isValid(signature, of: message, publicKey: publicKey) else {
      return "its signature is not this server's"
    }
    let statement = Self.statement(month: month, count: count, root: root)
    guard SigningKey.isValid(rootSignature, of: statement, publicKey: publicKey) else {
      return "the signature of its month is not this server's"
    }
    let path = path.compactMap { bytes(hex: $0) }
    let found = MerkleTree.root(
      from: MerkleTree.leaf(message), index: index, count: count, path: path[...])
    guard path.count == self.path.count, found == root else {
      return "it is not among the receipts of its month"
    }
    return nil
  }

  /// What is signed of a month.
  static func statement(month: String, count: Int, root: [UInt8]) -> [UInt8] {
    Array("\(month) \(count) \(hexText(root))".utf8)
  }

  fileprivate static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }
}

extension Receipt.Body {
  /// The bytes that are signed: JSON with sorted keys.
  func bytes() throws -> [UInt8] { [UInt8](try Receipt.encoder.encode(self)) }
}

/// The bytes that pairs of hexadecimal digits name; nil for other text.
package func bytes(hex text: String) -> [UInt8]? {
  var bytes: [UInt8] = []
  var high: UInt8?
  for byte in text.utf8 {
    guard let value = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
    let digit = UInt8(value)
    if let first = high {
      bytes.append(first << 4 | digit)
      high = nil
    } else {
      high = digit
    }
  }
  return high == nil ? bytes : nil
}
