// What a key tells of money: its own limit and use over all keys that took each other's place, and
// what the account has left.

import APIServer
import JSON
import Metering
import Testing

@Suite(.timeLimit(.minutes(5))) struct OwnKeyTests {
  /// A request of 4 × 1,000 + 5 × 2,000 millionths of a euro.
  private func use(_ bench: SelfServiceBench, _ bearer: [String]) async throws {
    #expect(try await bench.server.chat(ChatCompletionTests.chat, headers: bearer).status == 200)
  }

  @Test func aKeyThatTookAnothersPlaceTellsWhatBothUsed() async throws {
    try await SelfServiceBench.run { bench in
      let old = try #require(bench.keys[.member])
      let limit = Budget(hard: PicoEuro("5"))
      try bench.store.setBudget(limit, for: .key(old.record.id))
      bench.meter.refreshKeys()
      try await use(bench, bench.bearer(old))
      let rotated = try await bench.post("/v1/keys/rotate", ["grace_seconds": 60], as: .member)
      let text = try #require(try rotated.json["key"]?.stringValue)
      let new = ["Authorization: Bearer \(text)"]
      try await use(bench, new)
      for bearer in [bench.bearer(old), new] {
        let card = try await bench.server.get("/v1/key", headers: bearer).json["data"]
        #expect(card?["usage_eur"] == "0.042")
        #expect(card?["usage_monthly"]?.doubleValue == 0.028)
        #expect(card?["limit_remaining"]?.doubleValue == 4.972)
        let usage = try await bench.server.get("/v1/usage", headers: bearer).json
        #expect(usage["requests"] == 2 && usage["cost_eur"] == "0.028")
      }
      // Others are not counted along.
      let other = try await bench.get("/v1/key", as: .service).json["data"]
      #expect(other?["usage_eur"] == "0.014")
    }
  }

  @Test func aPrepaidCustomerSeesWhatIsLeft() async throws {
    try await SelfServiceBench.run { bench in
      let lab = try #require(bench.keys[.owner]).record.account
      func card(_ role: KeyRole) async throws -> JSONValue? {
        try await bench.get("/v1/key", as: role).json["data"]
      }
      let names = ["credit_remaining_eur", "account_limit", "account_limit_remaining"]
      for name in names { #expect(try await card(.owner)?[name] == .null) }
      try bench.store.setMode(.prepaid, of: lab)
      try bench.store.addCredit(.topUp, #require(PicoEuro(cents: 100)), to: lab)
      try bench.store.setBudget(Budget(hard: PicoEuro("5")), for: .account(lab))
      bench.meter.refreshKeys()
      #expect(try await card(.owner)?["credit_remaining_eur"] == "1.00")
      try await use(bench, bench.bearer(bench.keys[.mainUser]))
      for role in [KeyRole.owner, .mainUser, .billing] {
        let card = try await card(role)
        #expect(card?["credit_remaining_eur"] == "0.986")
        #expect(card?["account_limit"]?.doubleValue == 5)
        #expect(card?["account_limit_remaining"]?.doubleValue == 4.986)
        #expect(card?["limit"] == .null)
      }
      // What all keys of the account used is not for each of its programs.
      for role in [KeyRole.member, .service] {
        let card = try await card(role)
        for name in names { #expect(card?[name] == .null) }
      }
    }
  }
}
