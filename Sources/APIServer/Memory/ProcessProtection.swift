// Keeps the memory of the process, in which what people say stands while it is needed, off the disk
// and away from other programs.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// One thing that a process does, or finds done, for that.
package struct PrivacyMeasure: Sendable, Equatable {
  /// In small letters with underscores, for programs.
  package let name: String
  package let isKept: Bool
  /// What was found, for people.
  package let finding: String
  /// What to do where it is not kept.
  package let remedy: String
}

package enum ProcessProtection {
  /// What memory is filled with when it is given back; and no cache in front of that, which would
  /// keep it as it was.
  private static let wiping = ["glibc.malloc.perturb=165", "glibc.malloc.tcache_count=0"]
  private static let tunables = "GLIBC_TUNABLES"

  /// Whether memory is wiped when it is given back. glibc reads that when a program begins.
  private static var wipesFreedMemory: Bool {
    let text = getenv(tunables).map { String(cString: $0) } ?? ""
    return wiping.allSatisfy(text.split(separator: ":").map(String.init).contains)
  }

  /// Begins this program anew where memory is not wiped when it is given back, and returns where it
  /// is, or where that cannot be had.
  package static func ensureWiping(arguments: [String]) {
    #if os(Linux)
      let isBegunAnew = getenv("APUS_BEGUN_ANEW") != nil
      guard !wipesFreedMemory, !isBegunAnew else { return }
      let before = getenv(tunables).map { [String(cString: $0)] } ?? []
      setenv(tunables, (before + wiping).joined(separator: ":"), 1)
      setenv("APUS_BEGUN_ANEW", "1", 1)
      var list = arguments.map { strdup($0) }
      list.append(nil)
      restoreSignals()
      execv("/proc/self/exe", list)
      for argument in list { free(argument) }
    #endif
  }

  /// Lets signals end this process again, before it begins anew. Dispatch's threads block all
  /// signals, and a program inherits what is blocked from the thread that began it.
  package static func restoreSignals() {
    for number in [SIGTERM, SIGINT, SIGHUP] { signal(number, SIG_DFL) }
    var none = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, nil)
  }

  /// Leaves no core file, and lets no other program look in, not even Swift's reporter of crashes: the
  /// process would wait for it for ever.
  package static func apply() {
    for number in [SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV] {
      signal(number, SIG_DFL)
    }
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    #if os(Linux)
      setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
      // `prctl` takes a changing number of arguments, which Swift does not call; its five are passed
      // as every processor that Linux runs on passes five whole numbers.
      typealias ProcessControl = @convention(c) (Int, Int, Int, Int, Int) -> Int32
      let (setDumpable, no) = (4, 0)
      if let symbol = dlsym(nil, "prctl") {
        _ = unsafeBitCast(symbol, to: ProcessControl.self)(setDumpable, no, 0, 0, 0)
      }
      // Where there is swap, what is in memory must not go there. Pages are locked as they are used.
      if usesSwap { mlockall(MCL_CURRENT | MCL_FUTURE | 4) }
    #else
      setrlimit(RLIMIT_CORE, &none)
    #endif
  }

  /// What holds for this process.
  package static func measures() -> [PrivacyMeasure] {
    var limit = rlimit()
    #if os(Linux)
      getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    #else
      getrlimit(RLIMIT_CORE, &limit)
    #endif
    let status = lines(of: "/proc/self/status")
    let isLocked = status.contains { $0.hasPrefix("VmLck:") && !$0.contains(" 0 kB") }
    return [
      PrivacyMeasure(
        name: "no_core_files", isKept: limit.rlim_cur == 0,
        finding: limit.rlim_cur == 0 ? "a crash leaves no memory" : "a crash may leave memory",
        remedy: "set the limit on core files to 0 ('ulimit -c 0', LimitCORE=0)"),
      PrivacyMeasure(
        name: "closed_to_others", isKept: isClosedToOthers,
        finding: isClosedToOthers
          ? "other programs of this user cannot look in" : "other programs can look in",
        remedy: "run on Linux, and without a debugger"),
      PrivacyMeasure(
        name: "no_swap", isKept: !usesSwap || isLocked,
        finding: !usesSwap
          ? "there is no swap for this process"
          : isLocked ? "its memory is locked" : "its memory may be swapped out",
        remedy: "switch swap off, set MemorySwapMax=0, or let the process lock its memory "
          + "(LimitMEMLOCK=infinity)"),
      PrivacyMeasure(
        name: "wiped_when_freed", isKept: wipesFreedMemory,
        finding: wipesFreedMemory
          ? "memory is wiped when it is given back" : "what was freed stays until it is used again",
        remedy: "serve with --privacy strict, on Linux with glibc"),
    ]
  }

  /// The owner of a process's own files is root once it is closed to others of its user; for root
  /// itself, the system's word is taken from the call.
  private static var isClosedToOthers: Bool {
    #if os(Linux)
      typealias ProcessControl = @convention(c) (Int, Int, Int, Int, Int) -> Int32
      let getDumpable = 3
      guard let symbol = dlsym(nil, "prctl") else { return false }
      return unsafeBitCast(symbol, to: ProcessControl.self)(getDumpable, 0, 0, 0, 0) == 0
    #else
      return false
    #endif
  }

  private static var usesSwap: Bool {
    let limit = lines(of: "/sys/fs/cgroup/memory.swap.max").first
    return lines(of: "/proc/swaps").count > 1 && limit != "0"
  }

  private static func lines(of path: String) -> [String] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var text: [UInt8] = []
    var byte = getc(file)
    while byte != EOF {
      text.append(UInt8(truncatingIfNeeded: byte))
      byte = getc(file)
    }
    return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}

/// How far a server goes to keep memory to itself.
package enum PrivacyMode: String, Sendable, CaseIterable {
  /// It does what it can.
  case standard
  /// It does not start where something is missing, and wipes memory that it gives back.
  case strict
}
