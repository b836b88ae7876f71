// What every kind of tokenizer does: turn text that holds no special token into ids.

/// Encodes the text between special tokens.
protocol FragmentEncoder: Sendable {
  /// Adds the ids of `bytes[start..<end]`, which is not empty and need not be valid UTF-8, to
  /// `result`. `followsSpecial`: the text begins here, or a special token stands before it.
  func encode(
    _ bytes: [UInt8], from start: Int, to end: Int, followsSpecial: Bool,
    _ scratch: inout EncodingScratch, into result: inout [TokenID])
}
