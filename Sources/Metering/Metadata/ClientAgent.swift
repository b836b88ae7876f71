// What a client's program is called, out of a closed list: a header is free text, and free text
// could carry what was said.

/// A known program with up to three numbers of its version, such as `openai-python/1.54.3`; at most
/// 40 characters.
package struct ClientAgent: Hashable, Sendable, CustomStringConvertible {
  package let description: String

  /// How headers begin and what such a program is called here, the longer beginning first.
  private static let known: [(beginning: String, name: String)] = [
    ("OpenAI/Python ", "openai-python"), ("AsyncOpenAI/Python ", "openai-python-async"),
    ("OpenAI/JS ", "openai-js"), ("OpenAI/Go ", "openai-go"), ("OpenAI/Java ", "openai-java"),
    ("Anthropic/Python ", "anthropic-python"),
    ("AsyncAnthropic/Python ", "anthropic-python-async"), ("Anthropic/JS ", "anthropic-js"),
    ("curl/", "curl"), ("Wget/", "wget"), ("python-requests/", "python-requests"),
    ("python-httpx/", "python-httpx"), ("Python-urllib/", "python-urllib"),
    ("litellm/", "litellm"), ("Go-http-client/", "go-http-client"), ("okhttp/", "okhttp"),
    ("axios/", "axios"), ("node-fetch/", "node-fetch"), ("undici", "undici"), ("node", "node"),
    ("Deno/", "deno"), ("Bun/", "bun"), ("PostmanRuntime/", "postman"), ("apus/", "apus"),
    ("Mozilla/", "browser"),
  ]
  private static let numberCount = 3
  private static let digitCount = 4

  /// The program that a `User-Agent` header names; `other` for one that is not in the list.
  package init(header: some StringProtocol) {
    guard let (beginning, name) = Self.known.first(where: { header.hasPrefix($0.beginning) }) else {
      description = "other"
      return
    }
    let version = Self.version(header.dropFirst(beginning.count))
    description = version.isEmpty ? name : name + "/" + version
  }

  /// Up to three numbers of up to four digits with dots between them; what comes behind is left.
  private static func version(_ text: some StringProtocol) -> String {
    let digits = text.prefix { $0 == "." || ($0.isASCII && $0.isNumber) }
    return digits.split(separator: ".", maxSplits: numberCount).prefix(numberCount)
      .map { $0.prefix(digitCount) }.joined(separator: ".")
  }
}

/// Where a request came from and with which program, for profiles that name the one or the other.
package struct ClientTraits: Hashable, Sendable {
  package var address: NetworkAddress?
  package var agent: ClientAgent?

  /// Nothing known.
  package init() {}

  /// A client's address and the value of its `User-Agent` header.
  package init(address: NetworkAddress?, userAgent: String?) {
    self.address = address
    agent = userAgent.map { ClientAgent(header: $0) }
  }
}
