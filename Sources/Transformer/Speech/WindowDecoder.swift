// From a window's states to its tokens, at one temperature or at several until a text is good.

package import Tokenizer

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What was written for a window.
package struct DecodedWindow: Sendable {
  /// Behind the prompt, without the end of the text.
  package var tokens: [TokenID]
  package var text: String
  package var temperature: Float
  /// The mean of the tokens' logarithms, the end's among them.
  package var averageLogProbability: Float
  package var noSpeechProbability: Float
  package var compressionRatio: Float
  /// Logarithms of each token's probability, the end's behind them.
  package var logProbabilities: [Float]

  /// A text that repeats itself.
  static let mostCompression: Float = 2.4
  /// A text that the model itself finds unlikely.
  static let leastLogProbability: Float = -1
  static let mostNoSpeech: Float = 0.6

  /// Whether there is nobody to be heard.
  var isSilence: Bool {
    noSpeechProbability > Self.mostNoSpeech
      && averageLogProbability <= Self.leastLogProbability
  }

  /// Whether another temperature may do better.
  var isPoor: Bool {
    let isUnlikely = averageLogProbability < Self.leastLogProbability
    if noSpeechProbability > Self.mostNoSpeech, isUnlikely { return false }
    return isUnlikely || compressionRatio > Self.mostCompression
  }
}

/// Writes the tokens of the window that a session hears.
package struct WindowDecoder {
  private let session: SpeechSession
  private let vocabulary: SpeechVocabulary
  private let rules: TokenRules
  /// Steps that texts after the first of a window may still take, in all windows together.
  private var spareSteps = 0

  /// Tokens behind the prompt, at most.
  private var longest: Int { session.model.decoder.contextLength / 2 }
  /// Texts of a window that are tried again, on the average, at most: of sound in which nothing is
  /// understood each would go to the last temperature.
  private static let triesPerWindow = 3
  /// Temperatures beyond 0 at which a poor text is tried again.
  private static let temperatures: [Float] = [0.2, 0.4, 0.6, 0.8, 1]

  package init(_ session: SpeechSession) {
    self.session = session
    vocabulary = session.model.vocabulary
    rules = session.model.rules
  }

  /// The likeliest language of the window, and the probability of each.
  package mutating func language() throws -> (place: Int, probabilities: [Float]) {
    session.forget()
    defer { session.forget() }
    let logits = try session.evaluate([vocabulary.startOfTranscript], wanted: [0])[0]
    let first = Int(vocabulary.firstLanguage)
    let ofLanguages = logits[first..<first + vocabulary.languageCount]
    let sum = LogSum.of(ofLanguages)
    return (Array(ofLanguages).largestIndex ?? 0, ofLanguages.map { expf($0 - sum) })
  }

  /// The tokens before those that are written.
  ///
  /// - Parameters:
  ///   - earlier: text before the window; its last tokens are taken.
  ///   - languagePlace: among the languages; nil where the model knows one alone.
  package func prompt(
    earlier: [TokenID], languagePlace: Int?, task: TranscriptionTask, hasTimes: Bool = true
  ) -> [TokenID] {
    var prompt: [TokenID] = []
    if !earlier.isEmpty {
      prompt = [vocabulary.startOfEarlierText] + earlier.suffix(longest - 1)
    }
    prompt.append(vocabulary.startOfTranscript)
    if let languagePlace {
      prompt.append(vocabulary.firstLanguage + TokenID(languagePlace))
      prompt.append(task == .translate ? vocabulary.translate : vocabulary.transcribe)
    }
    if !hasTimes { prompt.append(vocabulary.noTimes) }
    return prompt
  }

  /// Writes the window's tokens.
  ///
  /// - Parameters:
  ///   - temperature: 0 takes the likeliest tokens, and tries a poor text again at higher ones.
  ///   - window: the number of the window, by which random numbers are drawn.
  package mutating func decode(
    prompt: [TokenID], temperature: Float, window: Int,
    isCancelled: () -> Bool
  ) throws -> DecodedWindow {
    session.forget()
    let start = prompt.lastIndex(of: vocabulary.startOfTranscript) ?? 0
    let places = start == prompt.count - 1 ? [start] : [start, prompt.count - 1]
    let rows = try session.evaluate(prompt, wanted: places)
    let noSpeech = expf(rows[0][Int(vocabulary.noSpeech)] - LogSum.of(rows[0][...]))
    spareSteps += Self.triesPerWindow * longest
    var best: DecodedWindow?
    for (index, temperature) in (temperature > 0 ? [temperature] : [0] + Self.temperatures)
      .enumerated()
    {
      // One more may take as many steps as there are.
      if index > 0, spareSteps < longest { break }
      session.goBack(to: prompt.count)
      // Each try of each window has numbers of its own.
      let random = CounterRandom(seed: UInt64(window) << 8 | UInt64(index))
      var decoded = try write(
        after: rows[rows.count - 1], temperature: temperature, random,
        isCancelled: isCancelled)
      decoded.noSpeechProbability = noSpeech.isFinite ? noSpeech : 0
      if index > 0 { spareSteps -= decoded.logProbabilities.count }
      best = decoded
      if !decoded.isPoor { break }
    }
    return best!
  }

  /// Writes tokens until the text ends.
  private func write(
    after first: [Float], temperature: Float, _ random: CounterRandom,
    isCancelled: () -> Bool
  ) throws -> DecodedWindow {
    var (tokens, logProbabilities) = ([TokenID](), [Float]())
    var logits = first
    while true {
      if isCancelled() { throw CancellationError() }
      rules.apply(to: &logits, after: tokens)
      let token =
        Self.pick(logits, temperature, random, place: tokens.count)
        ?? Int(vocabulary.endOfText)
      let logProbability = logits[token] - LogSum.of(logits[...])
      logProbabilities.append(
        logProbability.isNaN ? Self.leastLog : max(logProbability, Self.leastLog))
      if TokenID(token) == vocabulary.endOfText { break }
      tokens.append(TokenID(token))
      if tokens.count == longest || session.position == session.model.decoder.contextLength {
        break
      }
      logits = try session.evaluate([TokenID(token)], wanted: [0])[0]
    }
    let text = vocabulary.text(of: tokens).trimmed
    return DecodedWindow(
      tokens: tokens, text: text, temperature: temperature,
      averageLogProbability: logProbabilities.reduce(0, +) / Float(tokens.count + 1),
      noSpeechProbability: 0,
      compressionRatio: Float(text.utf8.count)
        / Float(CompressedSize.bytes(of: Array(text.utf8))),
      logProbabilities: logProbabilities)
  }

  /// What stands for the logarithm of nothing.
  private static let leastLog: Float = -1_000

  /// The likeliest token, or at a temperature one by its probability; nil where none may come.
  private static func pick(
    _ logits: [Float], _ temperature: Float, _ random: CounterRandom, place: Int
  ) -> Int? {
    guard let likeliest = logits.largestIndex, temperature > 0 else { return logits.largestIndex }
    let largest = logits[likeliest]
    func weight(_ logit: Float) -> Double {
      logit > -.infinity ? exp(Double((logit - largest) / temperature)) : 0
    }
    var left = logits.reduce(0) { $0 + weight($1) } * random.uniform(position: place)
    for (index, logit) in logits.enumerated() {
      left -= weight(logit)
      if left < 0 { return index }
    }
    return likeliest
  }
}

extension String {
  /// The text without white space around it.
  var trimmed: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }),
      let last = lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return String(self[first...last])
  }
}
