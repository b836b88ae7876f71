// A thread of our own, apart from Swift's cooperative pool.

import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Starts a thread that runs `body` and ends with it. Nobody waits for it.
///
/// - Parameter stackBytes: the size of its stack.
/// - Returns: whether there is such a thread; where the system has refused it, `body` is not run.
@discardableResult
package func startDetachedThread(
  stackBytes: Int, _ body: @escaping @Sendable () -> Void
) -> Bool {
  let start = Unmanaged.passRetained(ThreadBody(body))
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
  pthread_attr_setstacksize(&attributes, stackBytes)
  #if canImport(Darwin)
    var thread: pthread_t?
  #else
    var thread = pthread_t()
  #endif
  let result = pthread_create(
    &thread, &attributes,
    { argument in
      let opaque: UnsafeMutableRawPointer? = argument
      Unmanaged<ThreadBody>.fromOpaque(opaque!).takeRetainedValue().run()
      return nil
    }, start.toOpaque())
  pthread_attr_destroy(&attributes)
  if result != 0 { start.release() }
  return result == 0
}

/// What `other` gives, run on a thread of its own, and what `own` gives, run on this one meanwhile. Where the
/// system refuses the thread, one runs after the other.
///
/// - Parameter stackBytes: the size of the thread's stack.
package func sideBySide<Other: Sendable, Own>(
  stackBytes: Int, _ other: @escaping @Sendable () -> Other, _ own: () -> Own
) -> (Other, Own) {
  let done = DispatchSemaphore(value: 0)
  let result = ThreadResult<Other>()
  let isStarted = startDetachedThread(stackBytes: stackBytes) {
    result.value.withLock { $0 = other() }
    done.signal()
  }
  let own = own()
  if isStarted { done.wait() }
  return (result.value.withLock { $0 } ?? other(), own)
}

private final class ThreadResult<Value: Sendable>: Sendable {
  let value = Mutex<Value?>(nil)
}

/// The system has refused a thread. The description is one line.
public struct ThreadError: Error, Equatable, CustomStringConvertible {
  package init() {}

  public var description: String {
    "the system refused to start a thread: raise the limit ('ulimit -u', TasksMax), or run less "
      + "beside it"
  }
}

private final class ThreadBody {
  let run: @Sendable () -> Void

  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
