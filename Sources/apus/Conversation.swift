// The loop of apus chat: a line in, an answer out, and the commands that begin with a slash.

import Foundation
import Transformer

/// A conversation between a person at standard input and a model.
struct Conversation {
  var sampling = SamplingOptions()
  /// Of one answer; nil: to the end of the context.
  var maxTokens: Int?

  private let engine: Engine
  private var system: String?
  private var messages: [ChatMessage] = []
  private var lastSummary: GenerationSummary?

  private static let prompt = "> "
  private static let help = """
    /help          this list
    /reset         forget the conversation
    /system TEXT   forget the conversation and tell the model TEXT first; no TEXT tells it nothing
    /stats         tokens and speed of the last answer
    /exit          leave, as Ctrl-D does
    Ctrl-C stops an answer.
    """

  init(engine: Engine, system: String?) {
    self.engine = engine
    self.system = system
    forget()
  }

  /// Answers line after line until the input ends or the person leaves.
  mutating func run() async throws {
    let interrupts = Interrupts {
      Terminal.noteInPlace("\n/exit or Ctrl-D leaves.\n" + Self.prompt)
    }
    while let line = try await nextLine() {
      let text = line.trimmingCharacters(in: .whitespaces)
      if text.isEmpty { continue }
      if text.hasPrefix("/") {
        if !obey(text) { return }
      } else {
        try await answer(text, interrupts)
      }
    }
    if Terminal.isInputInteractive { Terminal.note("") }
  }

  private func nextLine() async throws -> String? {
    if Terminal.isInputInteractive { Terminal.noteInPlace(Self.prompt) }
    return try await onOwnThread { readLine() }
  }

  /// Does what a slash command says; false leaves.
  private mutating func obey(_ text: String) -> Bool {
    let word = text.prefix { $0 != " " }
    let rest = text.dropFirst(word.count).drop { $0 == " " }
    switch word {
    case "/exit", "/quit", "/bye": return false
    case "/help", "/?": Terminal.note(Self.help)
    case "/reset": forget()
    case "/system":
      system = rest.isEmpty ? nil : String(rest)
      forget()
    case "/stats": Terminal.note(lastSummary.map(speedText) ?? "There is no answer yet.")
    default: Terminal.note("\(word) is no command; /help lists them.")
    }
    return true
  }

  private mutating func forget() {
    messages = system.map { [.system($0)] } ?? []
  }

  private mutating func answer(_ text: String, _ interrupts: Interrupts) async throws {
    messages.append(.user(text))
    var request = GenerationRequest(prompt: try engine.model.prompt(messages))
    request.sampling = sampling
    request.maxTokens = maxTokens
    // What was said before is found again instead of being computed anew.
    request.owner = "conversation"
    let generation: Generation
    do {
      generation = try engine.generate(request)
    } catch EngineError.promptTooLong(let tokens, let contextLength) {
      messages.removeLast()
      Terminal.note(
        "The conversation has \(tokens) tokens now and the context holds \(contextLength): "
          + "/reset begins anew, or start with a larger --context.")
      return
    }
    var reply = ""
    try await interrupts.during({ generation.cancel() }) {
      for try await event in generation {
        switch event {
        case .token(let token):
          reply += token.text
          Terminal.write(token.text)
        case .finished(let summary):
          reply += summary.text
          Terminal.writeLine(summary.text)
          lastSummary = summary
          if summary.finishReason == .length {
            Terminal.note("(cut off: the answer reached its greatest length)")
          }
        }
      }
    }
    messages.append(.assistant(reply))
  }
}

/// Tokens and speeds of a generation, in a line.
func speedText(_ summary: GenerationSummary) -> String {
  let prefill = Double(summary.promptTokenCount) / (summary.promptDuration / .seconds(1))
  // The first token comes out of the prompt's last row.
  let steps = summary.generatedTokenCount - 1
  let decode = Double(steps) / (summary.decodeDuration / .seconds(1))
  return "\(summary.promptTokenCount) tokens read (\(decimal(prefill, 1)) t/s), "
    + "\(summary.generatedTokenCount) written"
    + (steps > 0 ? " (\(decimal(decode, 1)) t/s)" : "")
}
