// Threads of our own, and those that the system refuses.

import TensorCore
import Testing

@Suite struct DetachedThreadTests {
  @Test("A thread runs its body once")
  func start() async {
    let (stream, continuation) = AsyncStream<Int>.makeStream()
    let hasStarted = startDetachedThread(stackBytes: 1 << 20) {
      continuation.yield(1)
      continuation.finish()
    }
    #expect(hasStarted)
    var sum = 0
    for await number in stream { sum += number }
    #expect(sum == 1)
  }

  @Test("A thread that the system refuses is told of, and its body is let go")
  func refusal() {
    final class Held: Sendable {}
    weak var held: Held?
    do {
      let object = Held()
      held = object
      // More than there are addresses for.
      let hasStarted = startDetachedThread(stackBytes: 1 << 50) {
        withExtendedLifetime(object) {}
      }
      #expect(!hasStarted)
    }
    #expect(held == nil)
  }
}
