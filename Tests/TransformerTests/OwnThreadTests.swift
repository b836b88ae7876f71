// Work on a thread of its own learns that nobody waits for it.

import Testing
import Transformer

@Suite struct OwnThreadTests {
  @Test(arguments: [true, false]) func workIsToldOfTheTasksEnd(isCancelled: Bool) async throws {
    let task = Task {
      while isCancelled, !Task.isCancelled { await Task.yield() }
      return try await onOwnThread { isCancelled in isCancelled() }
    }
    if isCancelled { task.cancel() }
    #expect(try await task.value == isCancelled)
  }
}
