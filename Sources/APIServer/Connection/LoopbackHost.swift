// Which addresses and names mean this machine and no other.

enum LoopbackHost {
  /// Whether a host, without a port, is this machine by its very name: nothing is looked up.
  static func contains(_ host: some StringProtocol) -> Bool {
    let name = host.lowercased()
    if name == "localhost" || name.hasSuffix(".localhost") || name == "::1" || name == "[::1]" {
      return true
    }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  /// The host of an authority (`localhost:8080`, `[::1]:8080`), without its port.
  static func host(ofAuthority authority: String) -> Substring {
    if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
      return authority[...end]
    }
    return authority.prefix { $0 != ":" }
  }
}
