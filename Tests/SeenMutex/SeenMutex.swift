// Locks whose waiting the thread sanitizer sees.

#if THREAD_SANITIZER
  import Glibc
  import Synchronization

  /// Stands in the place of the standard library's `_MutexHandle`, whose memory it describes.
  ///
  /// The standard library is not built for the sanitizer. Code that locks a free `Mutex` is compiled
  /// into ours and seen; a thread that has to wait gets the lock by the library's own code, and what
  /// it reads then would be reported as a race with the one who had the lock before.
  package struct MutexHandle: ~Copyable {
    /// The thread that has the lock, or 0.
    private let owner: Atomic<UInt32>

    /// Takes the lock for `thread`. Nobody sleeps, so whoever unlocks has nobody to wake, which
    /// would be the library's code again.
    ///
    /// The name is the library's: the linker takes ours.
    @_silgen_name("$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF")
    package borrowing func lockSlowly(_ thread: UInt32) {
      while !owner.compareExchange(expected: 0, desired: thread, ordering: .acquiring).exchanged {
        sched_yield()
      }
    }
  }
#endif
