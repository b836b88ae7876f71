// The machine as far as the engine cares: its name and how many threads may compute.

import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Facts about the processor and about what this process may use of it.
public enum Processor {
  /// The processor's name as the system tells it, or its architecture.
  public static var name: String {
    field("model name", in: contents("/proc/cpuinfo") ?? "") ?? architecture
  }

  /// Processors that the system has switched on.
  public static var coreCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  /// How many threads may compute, and what decided that.
  public static let usableThreads: (count: Int, reason: String) = {
    var count = coreCount
    var reason = "\(count) processors are online"
    #if os(Linux)
      if let allowed = allowedCount(), allowed < count {
        count = allowed
        reason = "the affinity mask allows \(allowed) of \(coreCount) processors"
      }
      if let groups = contents("/proc/self/cgroup"), let quota = quota(ofGroups: groups, contents),
        quota < count
      {
        count = quota
        reason = "the control group's quota is \(quota) of \(coreCount) processors"
      }
    #endif
    return (count, reason)
  }()

  /// Bytes of memory in the machine, nil where the system does not tell.
  public static var memoryBytes: Int? {
    let pages = sysconf(Int32(_SC_PHYS_PAGES))
    let page = sysconf(Int32(_SC_PAGESIZE))
    return pages > 0 && page > 0 ? Int(pages) * Int(page) : nil
  }

  private static var architecture: String {
    #if arch(x86_64)
      "x86-64"
    #elseif arch(arm64)
      "arm64"
    #else
      "unknown"
    #endif
  }

  /// Processors of this process's affinity mask.
  private static func allowedCount() -> Int? {
    contents("/proc/self/status")
      .flatMap { field("Cpus_allowed_list", in: $0) }
      .flatMap { count(inList: $0) }
  }

  /// How many processors a list such as `0-3,8` names; nil where it is no such list.
  package static func count(inList list: String) -> Int? {
    var count = 0
    for part in list.split(separator: ",", omittingEmptySubsequences: false) {
      let bounds = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
      guard bounds.count <= 2, let first = bounds[0], let last = bounds.last!, first <= last
      else { return nil }
      count += Int(last - first) + 1
    }
    return count
  }

  /// Whole processors that the process's control groups and those around them leave it, at least 1; nil where
  /// none has a quota.
  ///
  /// - Parameters:
  ///   - groups: what `/proc/self/cgroup` says: `0::/path` for version 2, `4:cpu,cpuacct:/path` for version 1.
  ///   - contents: a file's text.
  package static func quota(
    ofGroups groups: String, _ contents: (_ path: String) -> String?
  ) -> Int? {
    var least: Int?
    for line in groups.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let isUnified = parts[0] == "0" && parts[1].isEmpty
      guard isUnified || parts[1].split(separator: ",").contains("cpu") else { continue }
      // What lies outside the process's own view of the tree begins with `..`, and cannot be read.
      var names = parts[2].split(separator: "/")
      if names.contains("..") { names = [] }
      for depth in (0...names.count).reversed() {
        let path = names.prefix(depth).map { "/" + $0 }.joined()
        let folder = "/sys/fs/cgroup" + (isUnified ? "" : "/cpu") + path + "/"
        let text =
          isUnified
          ? contents(folder + "cpu.max")
          : contents(folder + "cpu.cfs_quota_us").flatMap { limit in
            contents(folder + "cpu.cfs_period_us").map { limit + " " + $0 }
          }
        guard let count = text.flatMap({ count(inQuota: $0) }) else { continue }
        least = min(least ?? count, count)
      }
    }
    return least
  }

  /// Whole processors, at least 1, of a time and the period it is given for, such as
  /// `250000 100000`; nil where there is no limit (`max`, or a negative time).
  package static func count(inQuota text: String) -> Int? {
    let numbers = text.split { $0 == " " || $0 == "\n" }.map { Int($0) }
    guard numbers.count == 2, let limit = numbers[0], let period = numbers[1], limit > 0, period > 0
    else { return nil }
    return max(1, limit / period)
  }

  private static func contents(_ path: String) -> String? {
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    return String(decoding: data, as: UTF8.self)
  }

  private static func field(_ name: String, in text: String) -> String? {
    for line in text.split(separator: "\n") where line.hasPrefix(name) {
      guard let colon = line.firstIndex(of: ":") else { continue }
      return String(line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" })
    }
    return nil
  }
}
