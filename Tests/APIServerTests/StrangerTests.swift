// What people without a key may ask for.

import APIServer
import JSON
import Metering
import Testing

@Suite struct StrangerTests {
  @Test func strangersAskForAccountsOnlyWhereTheOperatorWantsThat() async throws {
    let wish: JSONValue = ["name": "new lab", "email": "a@lab.example"]
    try await SelfServiceBench.run { bench in
      let off = try await bench.server.post("/v1/account/request", wish.serialized())
      #expect(off.status == 403)
      #expect(try off.errorCode == "account_requests_off")
    }
    try await SelfServiceBench.run(configure: { $0.takesAccountRequests = true }) { bench in
      let answer = try await bench.server.post("/v1/account/request", wish.serialized())
      #expect(try answer.json["state"] == "pending")
      // A stranger does not find out which names are taken, and makes no second account of one.
      let count = try bench.store.accounts().count
      let again = try await bench.server.post("/v1/account/request", wish.serialized())
      #expect(again.status == 200 && again.body == answer.body)
      #expect(try bench.store.accounts().count == count)
      let account = try #require(try bench.store.accounts().last)
      #expect(account.state == .pending)
      #expect(try bench.store.members(of: account.id).map(\.email) == ["a@lab.example"])
      for bad: JSONValue in [
        ["name": "x", "email": "a@b\nBcc: c@d"], ["name": "", "email": "a@b"], ["name": "x"],
        ["name": "=1+1", "email": "a@b"],
      ] {
        #expect(try await bench.server.post("/v1/account/request", bad.serialized()).status == 400)
      }
      var status = 400
      for _ in 0..<60 where status != 429 {
        status = try await bench.server.post("/v1/account/request", "{}").status
      }
      #expect(status == 429)
    }
  }
}
