// What key holders see and do of their own account.

import APIServer
import JSON
import Metering
import Testing

@Suite struct SelfServiceTests {
  @Test func theKeyTellsItsSpendingInOpenRoutersFields() async throws {
    try await SelfServiceBench.run { bench in
      try bench.store.setBudget(
        Budget(hard: PicoEuro("0.05")), for: .key(try #require(bench.keys[.mainUser]).record.id))
      let account = try #require(bench.keys[.mainUser]).record.account
      try bench.store.setLimits(
        LimitRule(tokens: LimitRule.tokenLimit(perMinute: 9000), parallel: 7),
        for: .account(account))
      bench.meter.refreshKeys()
      let card = try #require(try await bench.get("/v1/key", as: .mainUser).json["data"])
      #expect(card["models"] == .null)
      // 2 requests of 4 × 1,000 + 5 × 2,000 millionths of a euro.
      #expect(card["usage"]?.doubleValue == 0.028)
      #expect(card["usage_eur"] == "0.028")
      #expect(card["usage_monthly"]?.doubleValue == 0)
      #expect(card["usage_daily"]?.doubleValue == 0)
      #expect(card["limit"]?.doubleValue == 0.05)
      #expect(card["limit_reset"] == "monthly")
      #expect(card["label"] == "mainUser")
      #expect(card["role"] == "main_user")
      #expect(card["account"] == "lab")
      #expect(card["rate_limit"] == ["requests": 600, "interval": "60s"])
      #expect(card["is_free_tier"] == false)
      #expect(
        card["limits"] == [
          "requests_per_minute": 600, "tokens_per_minute": .null,
          "input_tokens_per_minute": .null, "output_tokens_per_minute": .null,
          "parallel_requests": .null,
        ])
      #expect(
        card["account_limits"] == [
          "requests_per_minute": .null, "tokens_per_minute": 9000,
          "input_tokens_per_minute": .null, "output_tokens_per_minute": .null,
          "parallel_requests": 7,
        ])
    }
  }

  @Test func aMonthOfTheKeyIsTheKeysAlone() async throws {
    try await SelfServiceBench.run { bench in
      let own = try await bench.get("/v1/usage?month=2026-10", as: .member).json
      #expect(own["requests"] == 1)
      #expect(own["cost_eur"] == "0.014")
      #expect(own["models"]?[0]?["model"] == "swift-1")
      #expect(own["models"]?[0]?["output_tokens"] == 5)
      #expect(try await bench.get("/v1/usage", as: .member).json["requests"] == 0)
      let wrong = try await bench.get("/v1/usage?month=october")
      #expect(wrong.status == 400)
      #expect(try wrong.json["error"]?["param"] == "month")
    }
  }

  @Test func reportsAddUpToTheInvoiceAndComeInPages() async throws {
    try await SelfServiceBench.run { bench in
      let start = SelfServiceBench.october / 86_400_000 * 86_400 - 2 * 86_400
      var path =
        "/v1/organization/usage/completions?start_time=\(start)&limit=3&group_by=api_key_id,model"
      var results: [JSONValue] = []
      var pages = 0
      var cursor: String?
      repeat {
        let page = try await bench.get(path + (cursor.map { "&page=\($0)" } ?? "")).json
        let buckets = try #require(page["data"]?.arrayValue)
        #expect(buckets.count == 3 || page["has_more"] == false)
        results += buckets.flatMap { $0["results"]?.arrayValue ?? [] }
        cursor = page["next_page"]?.stringValue
        #expect(page["has_more"] == .bool(cursor != nil))
        pages += 1
      } while cursor != nil
      // 13 October to 2 November.
      #expect(pages == 7)
      #expect(results.count == 3)
      #expect(results.compactMap { $0["num_model_requests"]?.intValue }.reduce(0, +) == 4)
      #expect(results.allSatisfy { $0["model"] == "swift-1" })
      let names = Set(results.compactMap { $0["api_key_id"]?.stringValue })
      #expect(
        names
          == Set(
            [.mainUser, .member, .service].compactMap { bench.keys[$0]?.record.name.description }))
      path = "/v1/organization/costs?start_time=\(start)&limit=180&group_by=line_item"
      let costs = try await bench.get(path).json["data"]?.arrayValue ?? []
      let lines = costs.flatMap { $0["results"]?.arrayValue ?? [] }
      #expect(lines.map { $0["line_item"] } == ["swift-1, input tokens", "swift-1, output tokens"])
      #expect(lines.map { $0["amount"]?["exact"] } == ["0.016", "0.04"])
      let invoice = try #require(try await bench.get("/v1/invoices").json["data"]?[0])
      #expect(invoice["net_cents"] == 6)
      let hours = try await bench.get(
        "/v1/organization/usage/embeddings?start_time=\(start)&bucket_width=1h"
      ).json
      #expect(hours["data"]?.arrayValue?.count == 24)
    }
  }

  @Test(arguments: [
    ("completions", "start_time"), ("completions?start_time=5&end_time=5", "end_time"),
    ("completions?start_time=1&bucket_width=1m", "bucket_width"),
    ("completions?start_time=1&group_by=user_id", "group_by"),
    ("completions?start_time=1&project_ids=a", "project_ids"),
    ("completions?start_time=1&limit=32", "limit"),
    ("completions?start_time=1&page=page_7", "page"),
    ("completions?start_time=-1", "start_time"),
    ("completions?start_time=99999999999999999999", "start_time"),
  ])
  func aReportRefusesWhatItCannotDoByName(query: String, param: String) async throws {
    try await RunningServer.serving { server in
      // Without a ledger nothing is refused but all of it.
      let answer = try await server.get("/v1/organization/usage/completions?start_time=1")
      #expect(answer.status == 501)
    }
    try await withMeter { meter, _ in
      try await RunningServer.serving(meter: meter) { server in
        let answer = try await server.get("/v1/organization/usage/\(query)")
        #expect(answer.status == 400)
        #expect(try answer.json["error"]?["param"] == .string(param))
      }
    }
  }

  @Test func anInvoiceComesInThreeForms() async throws {
    try await SelfServiceBench.run { bench in
      let list = try await bench.get("/v1/invoices", as: .billing).json
      #expect(list["data"]?.arrayValue?.count == 1)
      let number = try #require(list["data"]?[0]?["id"]?.stringValue)
      let json = try await bench.get("/v1/invoices/\(number)", as: .billing).json
      #expect(json["document"]?["lines"]?.arrayValue?.count == 2)
      #expect(json["sha256"]?.stringValue?.count == 64)
      let page = try await bench.get("/v1/invoices/\(number)?format=html")
      #expect(page.headers["content-type"] == "text/html; charset=utf-8")
      #expect(page.headers["content-security-policy"]?.hasPrefix("default-src 'none'") == true)
      let ubl = try await bench.get("/v1/invoices/\(number)?format=ubl")
      #expect(ubl.headers["content-type"] == "application/xml; charset=utf-8")
      #expect(ubl.body.contains("<cbc:ID>\(number)</cbc:ID>"))
      #expect(try await bench.get("/v1/invoices/\(number)?format=pdf").status == 400)
    }
  }

  @Test func aLineIsDisputedOnceByTheAccountItIsBilledTo() async throws {
    try await SelfServiceBench.run { bench in
      let number = try #require(
        try await bench.get("/v1/invoices").json["data"]?[0]?["id"]?.stringValue)
      let body: JSONValue = ["invoice": .string(number), "line": 1]
      let opened = try await bench.post("/v1/disputes", body, as: .billing)
      #expect(try opened.json["state"] == "open")
      #expect(try await bench.post("/v1/disputes", body).status == 409)
      #expect(
        try await bench.post("/v1/disputes", ["invoice": .string(number), "line": 9]).status == 404)
      #expect(try await bench.get("/v1/disputes").json["data"]?.arrayValue?.count == 1)
      let audit = try bench.store.auditTrail(limit: 1)[0]
      #expect(audit.actor == "key \(try #require(bench.keys[.billing]).record.name)")
      #expect(audit.verb == "dispute.open")
    }
  }

  @Test func aReceiptIsForTheKeyThatAskedAndForWhoSeesAllUsage() async throws {
    try await SelfServiceBench.run { bench in
      let rows = try bench.store.usageRows(month: #require(UTCMonth("2026-10")))
      let member = try #require(bench.keys[.member]).record.id
      let id = try #require(rows.first { $0.key == member }).requestID.description
      // The request's own id, and those that its answer would have on some routes.
      let shown = [
        (KeyRole.owner, ""), (.mainUser, "chatcmpl-"), (.billing, "resp_"), (.member, ""),
      ]
      for (role, word) in shown {
        let receipt = try await bench.get("/v1/receipts/\(word)\(id)", as: role)
        #expect(receipt.status == 200)
        #expect(try receipt.json["body"]?["request"] == .string(id))
        let parsed = try Receipt(encoded: Array(receipt.body.utf8))
        let key = try bench.store.receiptKey()
        #expect(try parsed.fault(publicKey: key) == nil)
        let printed = try await bench.get("/v1/receipts/key").json["public_key"]
        #expect(printed == .string(hexText(key)))
      }
      #expect(try await bench.get("/v1/receipts/\(id)", as: .service).status == 404)
      #expect(try await bench.get("/v1/receipts/nothing").status == 404)
    }
  }

  @Test func aKeyIsReplacedByItsHolderAndOthersByWhoMayManageThem() async throws {
    try await SelfServiceBench.run { bench in
      let answer = try await bench.post("/v1/keys/rotate", ["grace_seconds": 0], as: .member)
      let new = try #require(try answer.json["key"]?.stringValue)
      #expect(try await bench.get("/v1/key", as: .member).status == 401)
      let own = try await bench.server.get("/v1/key", headers: ["Authorization: Bearer \(new)"])
      #expect(own.status == 200)
      let other = try #require(bench.keys[.service]).record.name.description
      let body: JSONValue = ["name": .string(other), "grace_seconds": 60]
      #expect(try await bench.post("/v1/keys/rotate", body, as: .billing).status == 403)
      #expect(try await bench.post("/v1/keys/rotate", body, as: .mainUser).status == 200)
      #expect(try await bench.get("/v1/key", as: .service).status == 200)
      let far: JSONValue = ["grace_seconds": 6_048_001]
      #expect(try await bench.post("/v1/keys/rotate", far).status == 400)
    }
  }

  @Test func whoeverHasALeakedKeyCanEndIt() async throws {
    try await SelfServiceBench.run { bench in
      let leaked: JSONValue = ["key": .string(bench.stranger.text)]
      let answer = try await bench.post("/v1/keys/report-leak", leaked, as: .service)
      #expect(try answer.json["revoked"] == true)
      #expect(
        try await bench.server.get("/v1/key", headers: bench.bearer(bench.stranger)).status == 401)
      #expect(!answer.body.contains(bench.stranger.text))
      let wrong = try await bench.post(
        "/v1/keys/report-leak", ["key": .string("apus_live_nothing")])
      #expect(wrong.status == 404)
    }
  }

  @Test func noticesAndTermsAreReadByAllAndAcceptedByOwners() async throws {
    try await SelfServiceBench.run { bench in
      let lab = try #require(bench.keys[.owner]).record.account
      _ = try bench.store.publishNotice(title: "All", body: "On Sunday.")
      _ = try bench.store.publishNotice(title: "Lab", body: "Only you.", to: lab)
      let all = try await bench.get("/v1/notices").json["data"]?.arrayValue ?? []
      #expect(all.map { $0["title"] }.prefix(2) == ["Lab", "All"])
      let member = try await bench.get("/v1/notices", as: .member).json["data"]?.arrayValue
      #expect(member?.map { $0["title"] } == ["All"])
      let theirs = try await bench.server.get(
        "/v1/notices", headers: bench.bearer(bench.stranger))
      #expect(!theirs.body.contains("Only you."))
      let terms = try bench.store.publishTerms(title: "Terms", text: [1])
      let version: JSONValue = ["version": .integer(terms.version)]
      #expect(try await bench.post("/v1/terms/accept", version, as: .mainUser).status == 403)
      #expect(try await bench.post("/v1/terms/accept", version).status == 200)
      #expect(try await bench.post("/v1/terms/accept", ["version": 99]).status == 404)
      let list = try await bench.get("/v1/terms", as: .member).json["data"]?[0]
      #expect(list?["is_current"] == true)
      #expect(list?["accepted_at"] == .integer(SelfServiceBench.november / 1000))
    }
  }

  @Test func anAccountEndsThirtyDaysAfterItsOwnerSaidSo() async throws {
    try await SelfServiceBench.run { bench in
      #expect(try await bench.post("/v1/account/terminate", [:]).status == 400)
      let sure: JSONValue = ["confirm": true]
      #expect(try await bench.post("/v1/account/terminate", sure, as: .mainUser).status == 403)
      let answer = try await bench.post("/v1/account/terminate", sure).json
      let end = SelfServiceBench.november + 30 * 86_400_000
      #expect(answer["ends_at"] == .integer(end / 1000) && answer["state"] == "terminating")
      bench.clock.move(to: end - 1)
      #expect(
        try await bench.post("/v1/account/terminate", sure).json["ends_at"] == answer["ends_at"])
      bench.clock.move(to: end)
      let over = try await bench.get("/v1/key")
      #expect(over.status == 403)
      #expect(try over.json["error"]?["details"]?["reason"] == "terminated")
      #expect(try bench.store.closeEnded().count == 1)
      #expect(try bench.store.closeEnded().isEmpty)
    }
  }

  @Test func everybodySeesWhatHoldsAndWhatIsAnnounced() async throws {
    try await SelfServiceBench.run { bench in
      let model = try bench.meter.modelID(#require(ShortName("swift-1")))
      let other = try bench.meter.modelID(#require(ShortName("unserved")))
      let later = SelfServiceBench.november + 86_400_000
      let prices = try #require(Prices(input: 1, output: 2))
      _ = try bench.store.publishPrices(prices, model: model)
      _ = try bench.store.publishPrices(prices, model: model, effectiveFromMilliseconds: later)
      _ = try bench.store.publishPrices(prices, model: other)
      let answer = try await bench.server.get("/pricing.json")
      let lists = try #require(try answer.json["data"]?.arrayValue)
      #expect(lists.map { $0["id"] } == [2, 3])
      #expect(lists[0]["input"] == "0.000001")
      #expect(lists[1]["effective_from"] == .integer(later / 1000))
    }
  }
}
