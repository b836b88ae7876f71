// Several answers to one request, and answers that end because nobody pays for more.

import APIServer
import JSON
import Metering
import Testing

@Suite struct ChoiceTests {
  @Test(arguments: ["/v1/chat/completions", "/v1/completions"])
  func everyChoiceIsToldAndTheirTokensAreCountedTogether(route: String) async throws {
    try await RunningServer.serving { server in
      let body: JSONValue = [
        "model": "swift-1", "n": 3, "prompt": "How do swifts sleep?", "max_tokens": 9,
        "messages": [["role": "user", "content": "How do swifts sleep?"]],
      ]
      let answer = try await server.post(route, body.serialized()).json
      let choices = try #require(answer["choices"]?.arrayValue)
      #expect(choices.map { $0["index"]?.intValue } == [0, 1, 2])
      for choice in choices {
        let text = choice["message"]?["content"] ?? choice["text"]
        #expect(text == "Swifts sleep in flight.")
        #expect(choice["finish_reason"] == "stop")
      }
      #expect(answer["usage"]?["completion_tokens"] == 15)
      #expect((answer["usage"]?["prompt_tokens"]?.intValue ?? 9) <= 5)
    }
  }

  @Test func choicesOfAStreamAreToldApart() async throws {
    try await RunningServer.serving { server in
      let answer = try await server.chat(ChatCompletionTests.chat(["n": 2, "stream": true]))
      var texts = ["", ""]
      var finished = 0
      for event in answer.events.dropLast() {
        let choice = try #require(try JSONValue.parse(event)["choices"]?[0])
        let index = try #require(choice["index"]?.intValue)
        texts[index] += choice["delta"]?["content"]?.stringValue ?? ""
        if choice["finish_reason"] == "stop" { finished += 1 }
      }
      #expect(texts == ["Swifts sleep in flight.", "Swifts sleep in flight."])
      #expect(finished == 2)
    }
  }

  @Test func choicesHaveSeedsThatFollowFromTheFirst() async throws {
    let engine = FakeEngine()
    try await RunningServer.serving(engine) { server in
      _ = try await server.chat(ChatCompletionTests.chat(["n": 3, "seed": 40]))
      #expect(engine.lastRequest?.sampling.seed == 42)
      #expect(engine.lastRequest?.sharedPrompt != nil)
    }
  }

  @Test(arguments: [false, true])
  func anAnswerEndsWithTheBudgetAndSaysLength(isStreamed: Bool) async throws {
    try await withMeter { meter, store in
      let key = try store.createKey(label: ShortName("test")!, role: .service, limits: nil)
      let model = try meter.modelID(ShortName("swift-1")!)
      let prices = try #require(Prices(input: 100_000, output: 400_000))
      _ = try store.publishPrices(prices, model: model)
      // Four prompt tokens and 300 of the answer's 400.
      let cap = PicoEuro(rawValue: 4 * 100_000 + 300 * 400_000)
      let text = String(repeating: "s", count: 300)
      let engine = FakeEngine(Array(repeating: "s", count: 400))
      try store.setBudget(Budget(hard: cap), for: .key(key.record.id))
      meter.refreshKeys()
      try await RunningServer.serving(engine, meter: meter) { server in
        let answer = try await server.chat(
          ChatCompletionTests.chat([
            "stream": .bool(isStreamed),
            "stream_options": isStreamed ? ["include_usage": true] : .null,
          ]), headers: ["Authorization: Bearer \(key.text)"])
        try #require(answer.status == 200)
        if isStreamed {
          #expect(try answer.streamedText == text)
          let end = answer.events[answer.events.count - 3]
          let choice = try JSONValue.parse(end)["choices"]?[0]
          #expect(choice?["finish_reason"] == "length" && choice?["stop_reason"] == "budget")
        } else {
          let choice = try answer.json["choices"]?[0]
          #expect(choice?["message"]?["content"] == .string(text))
          #expect(choice?["finish_reason"] == "length" && choice?["stop_reason"] == "budget")
          #expect(try answer.json["usage"]?["completion_tokens"] == 300)
        }
        let month = UTCMonth(wallMilliseconds: MeterClock.system.wallMilliseconds())
        let row = try #require(try store.usageRows(month: month).first)
        #expect(row.status == .stoppedByBudget)
        #expect(row.usage.completionTokens == 300)
        #expect(row.cost == cap)
        #expect(meter.outstanding == 0)
      }
    }
  }
}
