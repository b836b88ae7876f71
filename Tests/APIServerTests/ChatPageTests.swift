// The page that browsers get: the same for everybody, with nothing from elsewhere.

import APIServer
import Testing

@Suite struct ChatPageTests {
  private static let browser = "Accept: text/html,application/xhtml+xml,*/*;q=0.8"
  private static let files = [
    ("/", "text/html"), ("/chat.js", "text/javascript"), ("/markdown.js", "text/javascript"),
    ("/chat.css", "text/css"), ("/portal", "text/html"), ("/portal.js", "text/javascript"),
    ("/portal.css", "text/css"),
  ]

  @Test(arguments: files)
  func aBrowserGetsAPageThatFetchesNothingFromElsewhere(path: String, type: String) async throws {
    try await RunningServer.serving { server in
      let page = try await server.get(path, headers: [Self.browser])
      #expect(page.status == 200)
      #expect(page.headers["content-type"] == "\(type); charset=utf-8")
      #expect(page.headers["cache-control"] == "no-store")
      let policy = try #require(page.headers["content-security-policy"])
      #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self';"))
      #expect(!policy.contains("unsafe") && !policy.contains("http"))
      // Neither a script nor a style within the page, and no address of another host.
      if type == "text/html" {
        #expect(!page.body.contains("<style") && !page.body.contains(" style="))
        #expect(!page.body.contains("<script>") && !page.body.contains(" onclick="))
        #expect(!page.body.contains("://") && !page.body.contains("=\"//"))
      }
    }
  }

  @Test func whoAsksForNoPageGetsText() async throws {
    try await RunningServer.serving { server in
      for accept in [[], ["Accept: */*"], ["Accept: application/json"]] {
        let answer = try await server.get("/", headers: accept)
        #expect(answer.headers["content-type"] == "text/plain; charset=utf-8")
        // Caches keep the two apart.
        #expect(answer.headers["vary"] == "Accept")
      }
      #expect(try await server.get("/", headers: [Self.browser]).headers["vary"] == "Accept")
    }
  }

  /// Every element that the script asks for by its id is there.
  @Test func theScriptFindsWhatItAsksFor() async throws {
    try await RunningServer.serving { server in
      let page = try await server.get("/", headers: [Self.browser]).body
      let script = try await server.get("/chat.js").body
      let names = script.components(by: "at(\"").dropFirst().compactMap {
        $0.split(separator: "\"").first.map(String.init)
      }
      #expect(Set(names).count > 8)
      for name in names { #expect(page.contains("id=\"\(name)\""), "\(name)") }
    }
  }

  /// What stands in the settings is judged by the server alone: a browser that finds a number wrong
  /// would neither send nor stop.
  @Test func noSettingKeepsTheFormFromBeingSent() async throws {
    try await RunningServer.serving { server in
      let page = try await server.get("/", headers: [Self.browser]).body
      #expect(page.contains("<form id=\"ask\" novalidate>"))
      #expect(!page.contains("type=\"number\""))
    }
  }

  /// Browsers ask for it beside every page.
  @Test func thereIsNoIcon() async throws {
    try await RunningServer.serving { server in
      let icon = try await server.get("/favicon.ico")
      #expect(icon.status == 204)
    }
  }

  @Test(arguments: [false, true])
  func thePortalOffersToAskForAnAccountWhereThatIsTaken(isTaken: Bool) async throws {
    try await SelfServiceBench.run(configure: { $0.takesAccountRequests = isTaken }) { bench in
      let page = try await bench.server.get("/portal").body
      #expect(page.contains("/v1/account/request") == isTaken)
      #expect(page.contains("/v1/organization/usage/embeddings"))
    }
  }
}
