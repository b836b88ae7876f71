// A thread of our own, apart from Swift's cooperative pool.

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
package func startDetachedThread(stackBytes: Int, _ body: @escaping @Sendable () -> Void) {
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
  precondition(result == 0, "the system refused to start a thread (error \(result))")
}

private final class ThreadBody {
  let run: @Sendable () -> Void

  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
