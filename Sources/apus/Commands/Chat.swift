// apus chat: a conversation in the terminal.

import ArgumentParser
import Foundation
import Transformer

struct Chat: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Talk with a model in the terminal.",
    discussion: """
      With --server a program elsewhere answers: any server that speaks OpenAI's API, with the key \
      in APUS_API_KEY or OPENAI_API_KEY; MODEL is then its name there.

      Ctrl-C stops an answer; Ctrl-D or /exit ends the program; /help lists what else there is. \
      Lines from a file or a pipe are taken as questions, one a line.
      """)

  @OptionGroup var model: OptionalModelArgument
  @OptionGroup var engine: EngineArguments
  @OptionGroup(title: "Conversation") var conversation: ConversationArguments
  @OptionGroup(title: "Sampling") var sampling: SamplingArguments

  @Option(help: ArgumentHelp("The address of a server that answers.", valueName: "url"))
  var server: String?

  @Option(help: "What the model is told before the conversation.")
  var system: String?

  @Option(
    name: [.customShort("n"), .long],
    help: "Tokens of an answer, at most; by default to the end of the context.")
  var maxTokens: Int?

  func validate() throws {
    if let maxTokens, maxTokens < 1 { throw ValidationError("-n takes a number above 0.") }
  }

  func run() async throws {
    if let server {
      let answerer = try await ServerAnswerer.find(
        at: server, model: model.model, sampling: sampling.options, maxTokens: maxTokens)
      Terminal.note("\(answerer.model) at \(answerer.address). /help says more.")
      var talk = Conversation(with: answerer, system: system)
      return try await talk.run()
    }
    let located = try LocatedModel.find(model.model)
    let template = try conversation.templateSource()
    let loaded = try await onOwnThread {
      try engine.load(
        located.path, contextLength: conversation.context, chatTemplate: template)
    }
    guard loaded.chatTemplate != nil else { throw noChatTemplate(located.argument) }
    let running = try Engine(loaded)
    defer { running.shutdown() }
    Terminal.note("\(loaded.info.description), \(loaded.contextLength) tokens. /help says more.")
    var talk = Conversation(
      with: EngineAnswerer(engine: running, sampling: sampling.options, maxTokens: maxTokens),
      system: system)
    try await talk.run()
  }
}

/// What a person is told who wants to talk with a model that has no template.
func noChatTemplate(_ argument: String) -> CommandError {
  CommandError(
    .noChatTemplate,
    "\(argument) is a base model: its file has no chat template. Continue a text with "
      + "'apus run \(argument) --raw -p TEXT', or name a template with --chat-template FILE or one of "
      + BuiltInTemplate.names.joined(separator: ", "))
}
