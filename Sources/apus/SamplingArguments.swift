// How tokens are chosen: options of the commands that generate, with llama.cpp's names.

import ArgumentParser
import JSON
import Tokenizer
import Transformer

/// How tokens are chosen.
struct SamplingArguments: ParsableArguments {
  @Option(parsing: .unconditional, help: "Temperature; 0 always takes the likeliest token.")
  var temp = SamplingOptions().temperature

  @Option(help: "Lower the temperature by up to this where the model is sure, else raise it.")
  var dynatempRange = SamplingOptions().temperatureRange

  @Option(help: "How the model's entropy becomes a place in that range: as its power.")
  var dynatempExp = SamplingOptions().temperatureExponent

  @Option(help: "Choose among the likeliest K tokens; 0 means all.")
  var topK = SamplingOptions().topK

  @Option(help: "Choose among the likeliest tokens that make up this share of the probability.")
  var topP = SamplingOptions().topP

  @Option(help: "Leave out tokens less likely than this share of the likeliest one's probability.")
  var minP = SamplingOptions().minP

  @Option(help: "Choose among tokens as surprising as is expected, up to this share; 1 means all.")
  var typical = SamplingOptions().typicalP

  @Option(help: "Choose among tokens within so many standard deviations of the best; 0 means all.")
  var topNsigma = SamplingOptions().topNSigma

  @Option(help: "How often to leave out all likely tokens but the least likely of them, 0 to 1.")
  var xtcProbability = SamplingOptions().xtcProbability

  @Option(help: "From which probability on tokens are likely for that.")
  var xtcThreshold = SamplingOptions().xtcThreshold

  @Option(help: "Make tokens of the recent text less likely by this factor; 1 changes nothing.")
  var repeatPenalty = SamplingOptions().repeatPenalty

  @Option(
    parsing: .unconditional,
    help: "Take this from the logit of tokens that occurred; 0 changes nothing.")
  var presencePenalty = SamplingOptions().presencePenalty

  @Option(
    parsing: .unconditional,
    help: "Take this from the logit for each time a token occurred; 0 changes nothing.")
  var frequencyPenalty = SamplingOptions().frequencyPenalty

  @Option(
    name: .customLong("repeat-last-n"), parsing: .unconditional,
    help: "Of how many tokens penalties take account; 0 is none, -1 all.")
  var repeatLastN = SamplingOptions().repeatLastN

  @Option(help: "Make tokens less likely that go on with a repetition (DRY); 0 changes nothing.")
  var dryMultiplier = SamplingOptions().dryMultiplier

  @Option(help: "How fast that grows with the length of the repetition.")
  var dryBase = SamplingOptions().dryBase

  @Option(help: "Tokens that may be repeated freely.")
  var dryAllowedLength = SamplingOptions().dryAllowedLength

  @Option(
    name: .customLong("dry-penalty-last-n"), parsing: .unconditional,
    help: "In how many tokens repetitions are looked for; 0 is none, -1 all.")
  var dryLastN = SamplingOptions().dryLastN

  @Option(help: "Hold the surprise of the text near a target, by this version: 1 or 2.")
  var mirostat: Int?

  @Option(help: "Mirostat's target, in bits.")
  var mirostatEnt = SamplingOptions().mirostatTau

  @Option(help: "How fast mirostat gets there.")
  var mirostatLr = SamplingOptions().mirostatEta

  @Option(help: "Prefer tokens near this probability (adaptive-p), 0 to 1.")
  var adaptiveTarget: Float?

  @Option(help: "How much of the past adaptive-p takes account of, 0 to 0.99.")
  var adaptiveDecay = SamplingOptions().adaptiveDecay

  @Option(
    help: ArgumentHelp(
      "Add BIAS to a token's logit; may be given more than once.", valueName: "id=bias"))
  var logitBias: [String] = []

  @Option(help: "Tokens that the answer has at least.")
  var minTokens = 0

  @Option(help: "Print how likely each token was, and the likeliest K (0 to 20) with it.")
  var logprobs: Int?

  @Option(help: "The same seed gives the same answer; by default it is random.")
  var seed: UInt64?

  func validate() throws {
    func check(_ isRight: Bool, _ message: String) throws {
      if !isRight { throw ValidationError(message) }
    }
    try check(temp >= 0 && temp.isFinite, "--temp takes a number of 0 or more.")
    try check(
      dynatempRange >= 0 && dynatempRange.isFinite && dynatempExp > 0 && dynatempExp.isFinite,
      "--dynatemp-range takes a number of 0 or more, --dynatemp-exp one above 0.")
    try check(topK >= 0, "--top-k takes a number of 0 or more.")
    for (name, value) in [
      ("top-p", topP), ("min-p", minP), ("typical", typical), ("xtc-probability", xtcProbability),
      ("xtc-threshold", xtcThreshold), ("adaptive-target", adaptiveTarget ?? 0),
    ] {
      try check((0...1).contains(value), "--\(name) lies between 0 and 1.")
    }
    try check(topNsigma >= 0, "--top-nsigma takes a number of 0 or more.")
    try check(
      repeatPenalty > 0 && repeatPenalty.isFinite, "--repeat-penalty takes a number above 0.")
    try check(
      presencePenalty.isFinite && frequencyPenalty.isFinite && dryMultiplier.isFinite,
      "A penalty must be a finite number.")
    try check(dryBase >= 1 && dryBase.isFinite, "--dry-base takes a number of 1 or more.")
    try check(dryAllowedLength >= 0, "--dry-allowed-length takes a number of 0 or more.")
    try check(
      mirostat == nil || MirostatVersion(rawValue: mirostat ?? 0) != nil,
      "--mirostat takes 1 or 2.")
    try check(
      mirostatEnt > 0 && mirostatEnt.isFinite && mirostatLr >= 0 && mirostatLr.isFinite,
      "--mirostat-ent takes a number above 0, --mirostat-lr one of 0 or more.")
    try check((0...0.99).contains(adaptiveDecay), "--adaptive-decay lies between 0 and 0.99.")
    try check(minTokens >= 0, "--min-tokens takes a number of 0 or more.")
    try check((0...20).contains(logprobs ?? 0), "--logprobs takes a number from 0 to 20.")
    _ = try biases()
  }

  private func biases() throws -> [TokenID: Float] {
    var biases: [TokenID: Float] = [:]
    for text in logitBias {
      let parts = text.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, let id = TokenID(parts[0]), let bias = Float(parts[1]),
        bias.isFinite || bias == -.infinity
      else {
        throw ValidationError("--logit-bias takes a token id and a number: 198=-5, or 198=-inf.")
      }
      biases[id, default: 0] += bias
    }
    return biases
  }

  var options: SamplingOptions {
    var options = SamplingOptions()
    options.temperature = temp
    options.temperatureRange = dynatempRange
    options.temperatureExponent = dynatempExp
    options.topK = topK
    options.topP = topP
    options.minP = minP
    options.typicalP = typical
    options.topNSigma = topNsigma
    options.xtcProbability = xtcProbability
    options.xtcThreshold = xtcThreshold
    options.repeatPenalty = repeatPenalty
    options.presencePenalty = presencePenalty
    options.frequencyPenalty = frequencyPenalty
    options.repeatLastN = repeatLastN
    options.dryMultiplier = dryMultiplier
    options.dryBase = dryBase
    options.dryAllowedLength = dryAllowedLength
    options.dryLastN = dryLastN
    options.mirostat = mirostat.flatMap { MirostatVersion(rawValue: $0) }
    options.mirostatTau = mirostatEnt
    options.mirostatEta = mirostatLr
    options.adaptiveTarget = adaptiveTarget ?? -1
    options.adaptiveDecay = adaptiveDecay
    options.logitBias = (try? biases()) ?? [:]
    options.minTokens = minTokens
    options.logProbabilities = logprobs
    options.seed = seed
    return options
  }

  /// The options with what only a vocabulary can tell: the tokens that repetitions do not go across.
  ///
  /// - Throws: where a token of `--logit-bias` is not in it.
  func options(for tokenizer: TextTokenizer) throws(CommandError) -> SamplingOptions {
    var options = options
    let known = 0..<TokenID(tokenizer.vocabularyCount)
    if let unknown = options.logitBias.keys.filter({ !known.contains($0) }).min() {
      throw CommandError(
        .unusableInput, "--logit-bias: the token id \(unknown) is not in \(known), the vocabulary")
    }
    if dryMultiplier != 0 {
      let breakers = Set("\n:\"*".utf8)
      options.dryBreakers = Set(
        (0..<TokenID(tokenizer.vocabularyCount)).filter { id in
          tokenizer.bytes(of: id, showingSpecial: false).contains { breakers.contains($0) }
        })
    }
    return options
  }
}

extension TokenLikelihood {
  /// The token and its alternatives, each with id and natural logarithm of its probability.
  var json: JSONValue {
    func entry(_ token: TokenLogProbability) -> JSONObject {
      // JSON has no infinity; e^-9999 is nothing.
      [
        "id": .integer(Int64(token.id)),
        "logprob": .number(Double(max(token.logProbability, -9999))),
      ]
    }
    var document = entry(chosen)
    document["top_logprobs"] = .array(likeliest.map { .object(entry($0)) })
    return .object(document)
  }
}
