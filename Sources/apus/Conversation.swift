// The loop of apus chat: a line in, an answer out, and the commands that begin with a slash.

import Foundation
import Transformer

/// Whoever answers a conversation: an engine here, or a server elsewhere.
protocol Answerer {
  /// Answers the last message.
  ///
  /// - Parameter say: Takes the text as it comes.
  /// - Throws: `ConversationTooLong` where the conversation has outgrown the context.
  func answer(
    _ messages: [ChatMessage], _ interrupts: Interrupts, say: @escaping @Sendable (String) -> Void
  ) async throws -> Reply
}

/// A whole answer.
struct Reply: Sendable {
  var text = ""
  /// Whether it ended at its greatest length.
  var isCutOff = false
  /// Tokens and speed in a line; empty where they are not known.
  var statistics = ""
}

/// The conversation has outgrown the context.
struct ConversationTooLong: Error {
  let explanation: String
}

/// A conversation between a person at standard input and a model.
struct Conversation {
  private let answerer: any Answerer
  private var system: String?
  private var messages: [ChatMessage] = []
  private var lastReply: Reply?

  private static let prompt = "> "
  private static let help = """
    /help          this list
    /reset         forget the conversation
    /system TEXT   forget the conversation and tell the model TEXT first; no TEXT tells it nothing
    /stats         tokens and speed of the last answer
    /exit          leave, as Ctrl-D does
    Ctrl-C stops an answer.
    """

  init(with answerer: any Answerer, system: String?) {
    self.answerer = answerer
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
    case "/stats": Terminal.note(lastReply?.statistics ?? "There is no answer yet.")
    default: Terminal.note("\(word) is no command; /help lists them.")
    }
    return true
  }

  private mutating func forget() {
    messages = system.map { [.system($0)] } ?? []
  }

  private mutating func answer(_ text: String, _ interrupts: Interrupts) async throws {
    messages.append(.user(text))
    let reply: Reply
    do {
      reply = try await answerer.answer(messages, interrupts) { Terminal.write($0) }
    } catch let error as ConversationTooLong {
      messages.removeLast()
      Terminal.note(error.explanation)
      return
    }
    Terminal.writeLine("")
    if reply.isCutOff { Terminal.note("(cut off: the answer reached its greatest length)") }
    lastReply = reply
    messages.append(.assistant(reply.text))
  }
}
