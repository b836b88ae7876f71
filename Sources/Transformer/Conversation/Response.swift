// What comes back from a conversation.

/// An answer.
public struct Response<Content: Sendable>: Sendable {
  public let content: Content
  /// What the model wrote between its think tags; empty where it did not think.
  public let reasoning: String
  /// What the turn added to the transcript: the prompt, calls and their outputs, the response.
  public let transcriptEntries: [Transcript.Entry]
  public let usage: Usage
  /// Why it ended; never `cancelled`.
  public let finishReason: FinishReason

  /// What the turn took, calls included.
  public struct Usage: Sendable, Equatable {
    public internal(set) var promptTokenCount = 0
    /// Tokens of prompts that were remembered and not computed again.
    public internal(set) var cachedPromptTokenCount = 0
    public internal(set) var generatedTokenCount = 0
  }
}

/// The words of an answer on their way, as an asynchronous sequence. Iterate it once.
///
/// Leaving the loop, cancelling the task that runs it, and `Conversation.cancel` stop the model
/// within one step; the transcript is then as it was before. Nothing is computed before the iteration
/// begins. A loop in the main file's top level is only left when the program ends: there `cancel` is
/// needed.
public struct ResponseStream: AsyncSequence, Sendable {
  /// The answer so far.
  public struct Snapshot: Sendable, Equatable {
    /// All words so far. After a call of a function they begin anew.
    public let content: String
    /// What came with this snapshot.
    public let delta: String
    /// What the model has thought so far.
    public let reasoning: String
  }

  let conversation: Conversation
  let prompt: String
  let options: GenerationOptions

  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(turn: ConversationTurn(conversation, prompt: prompt, options))
  }

  /// Gives one snapshot after another.
  public struct AsyncIterator: AsyncIteratorProtocol {
    var turn: ConversationTurn

    public mutating func next() async throws -> Snapshot? { try await turn.next() }
  }

  /// Waits for the whole answer.
  public func collect() async throws -> Response<String> {
    var turn = ConversationTurn(conversation, prompt: prompt, options)
    while try await turn.next() != nil {}
    return try turn.response()
  }
}
