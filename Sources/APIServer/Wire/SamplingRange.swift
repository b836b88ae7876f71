// The ranges of the fields that say how tokens are chosen: what is outside is refused, and the
// OpenAPI document tells them.

/// What the fields of these names may be, in every endpoint that generates.
enum SamplingRange {
  static let temperature = 0.0...2.0
  static let topP = 0.0...1.0
  static let minP = 0.0...1.0
  /// Clients write "all of them" as 0 or as -1.
  static let topK = -1...Int(Int32.max)
  static let presencePenalty = -2.0...2.0
  static let frequencyPenalty = -2.0...2.0
  static let repeatPenalty = 0.01...100.0
  static let repeatLastN = -1...Int(Int32.max)
  static let typicalP = 0.0...1.0
  /// llama.cpp writes "none" as -1.
  static let topNSigma = -1.0...100.0
  static let xtcProbability = 0.0...1.0
  static let xtcThreshold = 0.0...1.0
  static let dynatempRange = 0.0...2.0
  static let dynatempExponent = 0.01...100.0
  static let mirostat = 0...2
  static let mirostatTau = 0.01...100.0
  static let mirostatEta = 0.0...1.0
  /// Less than 0 for none.
  static let adaptiveTarget = -1.0...1.0
  static let adaptiveDecay = 0.0...0.99
  static let logitBias = -100.0...100.0
}
