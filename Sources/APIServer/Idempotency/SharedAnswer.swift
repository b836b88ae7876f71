// One answer that several requests wait for: its bytes as they are made, for as long as somebody reads
// them. The work goes on while anybody waits.

import HTTPTypes
import Hummingbird
import Metering
import NIOCore
import Synchronization

/// What a request with an `Idempotency-Key` comes to, told to everybody who sent it while it runs.
final class SharedAnswer: Sendable {
  /// The answer without its body.
  struct Head: Sendable {
    let status: HTTPResponse.Status
    let headers: HTTPFields
    /// nil for a stream.
    let contentLength: Int?
    let requestID: Metering.RequestID
    let rate: RateDecision?
    let retirement: ModelRetirement?
    /// What was asked; nil where that was told before any model was looked for.
    let model: ModelID?
  }

  /// The body ended before its time.
  private struct BrokenOff: Error {}

  /// A client that takes a part of the body.
  private struct Reader {
    /// Bytes that came meanwhile.
    var waitingBytes = 0
    /// The most of them that came at once, which says nothing of how fast the client reads.
    var largest = 0
    let onSlow: @Sendable () -> Void
  }

  private struct State {
    var head: Result<Head, APIError>?
    var body: [ByteBuffer] = []
    var isTold = false
    var isOver = false
    var isWhole = false
    /// Whether the body tells of a failure.
    var hasFailed = false
    /// Numbers of those who wait.
    var followers: Set<Int> = []
    var followerCount = 0
    /// Those who are being told, by their numbers.
    var readers: [Int: Reader] = [:]
    var isGivenUp = false
    var work: Task<Void, Never>?
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  /// The API key that does the work, and pays for it.
  let key: KeyID
  /// Knows when nobody waits any more.
  let watch = DisconnectWatch()
  private let eventLoop: any EventLoop
  /// How long the work goes on without anybody.
  private let patience: @Sendable () -> Duration
  private let onEnd: @Sendable (SharedAnswer, _ isGood: Bool) -> Void
  /// Bytes that may come while a client takes those before them, beside the most that came at once.
  private let limit: Int
  private let state = Mutex(State())

  /// - Parameters:
  ///   - limit: bytes that may come while a client takes those before them, beside the most that
  ///     came at once.
  ///   - onEnd: called once, before anybody learns the end.
  init(
    key: KeyID, eventLoop: any EventLoop, limit: Int, patience: @escaping @Sendable () -> Duration,
    onEnd: @escaping @Sendable (SharedAnswer, _ isGood: Bool) -> Void
  ) {
    self.key = key
    self.eventLoop = eventLoop
    self.limit = limit
    self.patience = patience
    self.onEnd = onEnd
  }

  deinit {
    state.withLock { state in
      for index in state.body.indices {
        state.body[index].setRepeatingByte(0, count: state.body[index].writerIndex, at: 0)
      }
    }
  }

  /// Takes somebody in who waits; nil where the work was given up.
  func join() -> Int? {
    state.withLock { state in
      guard !state.isGivenUp else { return nil }
      state.followerCount += 1
      state.followers.insert(state.followerCount)
      return state.followerCount
    }
  }

  /// Somebody waits no more, which may be said again. After the last one the work has a while left.
  func leave(_ follower: Int) {
    let left = state.withLock { state -> Int? in
      guard state.followers.remove(follower) != nil, state.followers.isEmpty, !state.isOver else {
        return nil
      }
      return state.followerCount
    }
    guard let left else { return }
    let patience = patience()
    guard patience > .zero else { return giveUp(ifNobodyCameSince: left) }
    eventLoop.scheduleTask(in: TimeAmount(patience)) { [weak self] in
      self?.giveUp(ifNobodyCameSince: left)
    }
  }

  /// Begins the work, which calls `begin` and `end`, or `fail`.
  func start(_ work: Task<Void, Never>) { state.withLock { $0.work = work } }

  /// Stops the work and waits for its end.
  func stop() async {
    giveUp(ifNobodyCameSince: nil)
    await state.withLock { $0.work }?.value
  }

  private func giveUp(ifNobodyCameSince last: Int?) {
    let isGivenUp = state.withLock { state in
      guard last == nil || state.followerCount == last, !state.isOver else { return false }
      state.isGivenUp = true
      return true
    }
    if isGivenUp { watch.clientWent() }
  }

  /// The answer begins.
  func begin(_ head: Head) { change { $0.head = .success(head) } }

  /// The body goes on.
  func add(_ bytes: ByteBuffer) {
    var slow: [Reader] = []
    change { state in
      state.body.append(bytes)
      for (follower, reader) in state.readers {
        var reader = reader
        reader.waitingBytes += bytes.readableBytes
        reader.largest = max(reader.largest, bytes.readableBytes)
        let isSlow = reader.waitingBytes - reader.largest > limit
        state.readers[follower] = isSlow ? nil : reader
        if isSlow { slow.append(reader) }
      }
    }
    for reader in slow { reader.onSlow() }
  }

  /// The body tells of a failure, though its head does not.
  func noteFailure() { state.withLock { $0.hasFailed = true } }

  /// The body is whole.
  func end() { finish { $0.isWhole = true } }

  /// There is no answer, or no more of it.
  func fail(_ error: APIError) { finish { $0.head = $0.head ?? .failure(error) } }

  private func finish(_ body: (inout State) -> Void) {
    let isGood = state.withLock { state in
      var ended = state
      body(&ended)
      guard ended.isWhole, !ended.hasFailed, case .success(let head) = ended.head else {
        return false
      }
      return head.status.kind == .successful
    }
    onEnd(self, isGood)
    change { state in
      body(&state)
      state.isOver = true
    }
  }

  /// Waits for the answer's beginning.
  func head() async throws(APIError) -> Head {
    while true {
      if let head = state.withLock({ $0.head }) { return try head.get() }
      await wait { $0.head != nil }
    }
  }

  /// Whether anybody has got the head, and is told the body.
  var isTold: Bool { state.withLock { $0.isTold } }

  /// Writes the body from its beginning to its end, for somebody who waits.
  ///
  /// - Parameter onSlow: called once where more waits for them than may.
  func tell(
    _ writer: inout any ResponseBodyWriter, _ follower: Int,
    onSlow: @escaping @Sendable () -> Void
  ) async throws {
    state.withLock { $0.isTold = true }
    defer { state.withLock { $0.readers[follower] = nil } }
    var place = 0
    while true {
      let (bytes, isOver, isWhole) = state.withLock { [place] state in
        (Array(state.body[place...]), state.isOver, state.isWhole)
      }
      place += bytes.count
      if !bytes.isEmpty {
        state.withLock { $0.readers[follower] = Reader(onSlow: onSlow) }
        try await writer.write(contentsOf: bytes)
        state.withLock { $0.readers[follower] = nil }
      } else if isOver {
        guard isWhole else { throw BrokenOff() }
        return try await writer.finish(nil)
      } else {
        await wait { [place] in $0.isOver || $0.body.count > place }
      }
    }
  }

  private func wait(until isReady: (State) -> Bool) async {
    await withCheckedContinuation { continuation in
      let isReady = state.withLock { state in
        if isReady(state) { return true }
        state.waiting.append(continuation)
        return false
      }
      if isReady { continuation.resume() }
    }
  }

  private func change(_ body: (inout State) -> Void) {
    let waiting = state.withLock { state in
      body(&state)
      defer { state.waiting = [] }
      return state.waiting
    }
    for waiter in waiting { waiter.resume() }
  }
}

/// Writes an answer's body for all who wait for it.
struct SharedAnswerWriter: ResponseBodyWriter {
  let answer: SharedAnswer

  mutating func write(_ buffer: ByteBuffer) { answer.add(buffer) }

  consuming func finish(_ trailingHeaders: HTTPFields?) { answer.end() }
}
