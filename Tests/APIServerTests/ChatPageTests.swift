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

  /// Enter in a setting presses the button by itself, and an input method takes Escape: neither stops.
  @Test func aKeyThatMeansSomethingElseStopsNoAnswer() async throws {
    try await RunningServer.serving { server in
      let script = try await server.get("/chat.js").body
      #expect(
        script.contains(#"event.target.tagName === "INPUT" && running) event.preventDefault"#))
      #expect(script.contains(#"event.key === "Escape" && !event.isComposing"#))
    }
  }

  /// Who types into a field knows nothing of headers.
  @Test(arguments: ["/chat.js", "/portal.js"])
  func aWrongKeyIsToldInThePagesOwnWords(path: String) async throws {
    try await RunningServer.serving { server in
      let script = try await server.get(path).body
      #expect(script.contains("error?.code === \"invalid_api_key\""))
      #expect(script.contains("\"This key is not valid here.\""))
    }
  }

  /// Whatever a model writes, its thoughts too, a page that cannot lay it out shows as text.
  @Test func whatIsNestedWithoutEndStaysText() async throws {
    try await RunningServer.serving { server in
      let script = try await server.get("/markdown.js").body
      #expect(script.contains("if (depth === deepest) return [element(\"p\", text)];"))
      let update = try #require(script.components(by: "function update(").last)
      #expect(update.contains("catch {\n    into.textContent = text;\n    shown.length = 0;"))
    }
  }

  /// A saved invoice is called as it is numbered, and a receipt is shown in times and euros.
  @Test func thePortalNamesAndShowsThingsAsPeopleDo() async throws {
    try await RunningServer.serving { server in
      let script = try await server.get("/portal.js").body
      #expect(script.contains(#"save(text, type, number + (type.includes("html")"#))
      #expect(script.contains("created|at)Milliseconds$/") && script.contains("/PicoEuro$/"))
      #expect(try await server.get("/favicon.ico").status == 204)
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
