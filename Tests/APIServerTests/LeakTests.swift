// A key that leaked may have been replaced by whoever found it first: what took its place ends with
// it.

import JSON
import Metering
import Testing

@Suite(.timeLimit(.minutes(5))) struct LeakTests {
  @Test func aReportEndsWhatTookThePlaceOfALeakedKeyToo() async throws {
    try await SelfServiceBench.run { bench in
      let leaked = try #require(bench.keys[.service])
      var names: [String] = []
      var texts = [leaked.text]
      for _ in 0..<2 {
        let rotated = try await bench.server.post(
          "/v1/keys/rotate", #"{"grace_seconds":600}"#,
          headers: ["Authorization: Bearer \(texts[texts.count - 1])"]
        ).json
        names.append(try #require(rotated["name"]?.stringValue))
        texts.append(try #require(rotated["key"]?.stringValue))
      }
      // Its owners hear of each.
      let told = try await bench.get("/v1/notices").json["data"]?.arrayValue ?? []
      #expect(told.count { $0["title"]?.stringValue?.hasSuffix("was replaced") == true } == 2)
      #expect(told.first?["body"]?.stringValue?.contains(names[1]) == true)
      #expect(!told.contains { $0["body"]?.stringValue?.contains(texts[1]) == true })

      let report: JSONValue = ["key": .string(leaked.text)]
      let answer = try await bench.post("/v1/keys/report-leak", report)
      #expect(try answer.json["revoked"] == true)
      // Who reports a key is no owner of it, and hears of no other.
      #expect(!answer.body.contains(names[0]))
      for text in texts {
        let asked = try await bench.server.get(
          "/v1/key", headers: ["Authorization: Bearer \(text)"])
        #expect(asked.status == 401)
      }
      let notice = try #require(try await bench.get("/v1/notices").json["data"]?[0])
      #expect(notice["title"]?.stringValue == "API key \(leaked.record.name) was revoked")
      for name in names { #expect(notice["body"]?.stringValue?.contains(name) == true) }
      // Once, however often it is reported.
      let count = try await bench.get("/v1/notices").json["data"]?.arrayValue?.count
      #expect(try await bench.post("/v1/keys/report-leak", report).status == 200)
      #expect(try await bench.get("/v1/notices").json["data"]?.arrayValue?.count == count)
    }
  }
}
