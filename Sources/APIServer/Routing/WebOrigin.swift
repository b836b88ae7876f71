// Which pages in a browser a request may come from.

enum WebOrigin {
  /// Whether an `Origin` is that of a page which another server has sent, or which hides where it
  /// came from. Programs that bring pages of their own (`app://`, extensions) are no foreign ones.
  ///
  /// - Parameter authority: the request's own (`localhost:8080`).
  static func isForeign(_ origin: String, to authority: String) -> Bool {
    let origin = origin.lowercased()
    for (scheme, port) in [("http://", ":80"), ("https://", ":443")] where origin.hasPrefix(scheme)
    {
      let own = authority.lowercased()
      let foreign = origin.dropFirst(scheme.count)
      return foreign != own && foreign + port != own
    }
    return origin == "null"
  }
}
