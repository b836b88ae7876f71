// Models that are loaded when they are asked for.

import APIServer
import Foundation
import JSON
import Synchronization
import TestSupport
import Testing
import Transformer

@Suite struct StoredModelTests {
  private static let path = ProjectFixtures.root + "/architectures/llama.gguf"

  private struct Broken: Error {}

  private final class Loads: Sendable {
    let count = Atomic(0)
  }

  /// A model that is always there, and one in a store.
  private func models(
    _ store: EngineStore, loader: @escaping EngineStore.Loader
  ) async throws -> [ServedModel] {
    await store.add("tiny", loader: loader)
    return [
      ServedModel(name: "swift-1", textEngine: FakeEngine()),
      ServedModel(name: "tiny", store: store, description: try Model.describe(Self.path)),
    ]
  }

  private func card(_ server: RunningServer) async throws -> JSONValue? {
    try await server.get("/v1/models").json["data"]?[1]
  }

  @Test(.timeLimit(.minutes(10))) func aModelIsLoadedOnDemandAndUnloadedWhenIdle() async throws {
    let store = EngineStore(idleTime: .seconds(60))
    let models = try await models(store) { try Engine(Model.load(Self.path)) }
    try await RunningServer.serving(models) { server in
      let before = try #require(try await card(server))
      #expect(before["id"] == "tiny")
      #expect(before["kind"] == "base")
      #expect(before["loaded"] == false)
      #expect((before["context_length"]?.intValue ?? 0) > 0)
      #expect(before["description"]?.stringValue?.hasPrefix("llama") == true)
      let answer = try await server.post(
        "/v1/completions", #"{"model":"tiny","prompt":[5,6,7],"max_tokens":2,"ignore_eos":true}"#)
      #expect(try answer.json["usage"]?["completion_tokens"] == 2)
      #expect(try await card(server)?["loaded"] == true)
      let tokens = try await server.post("/tokenize", #"{"model":"tiny","content":"swift"}"#)
      #expect(tokens.status == 200)
      // The engine says a moment after the answer that it has nothing to do.
      while try await server.get("/status.json").json["answers_pending"] != 0 {}
      #expect(await store.unloadIdle(now: .now + .seconds(61)) == 1)
      while try await card(server)?["loaded"] != false {}
    }
    await store.shutdown()
  }

  @Test(.timeLimit(.minutes(5)))
  func aModelOnDemandIsProbedWhileItIsThereAndLookedAtWhileItIsNot() async throws {
    try await TemporaryFolder.with { folder async throws in
      let path = folder + "/tiny.gguf"
      try FileManager.default.copyItem(atPath: Self.path, toPath: path)
      let store = EngineStore(idleTime: .seconds(60))
      await store.add("tiny") { try Engine(Model.load(path)) }
      let models = [
        ServedModel(name: "swift-1", textEngine: FakeEngine()),
        ServedModel(name: "tiny", store: store, description: try Model.describe(path)),
      ]
      try await RunningServer.serving(
        models, configure: { $0.probeInterval = .milliseconds(20) }
      ) { server in
        func waitForState(_ state: JSONValue) async throws {
          while try await server.get("/status.json").json["services"]?[1]?["state"] != state {
            await Task.yield()
          }
        }
        try await waitForState("standby")
        while try await server.get("/status.json").json["all_online"] != true { await Task.yield() }
        #expect(try await card(server)?["loaded"] == false)
        let answer = try await server.post(
          "/v1/completions", #"{"model":"tiny","prompt":[5,6,7],"max_tokens":2,"ignore_eos":true}"#)
        #expect(answer.status == 200)
        try await waitForState("online")
        // A probe is no use of it, so that it goes when nobody else asks for it.
        let probes = ["tiny": Int.max]
        #expect(await store.unloadIdle(now: .now + .seconds(61), notCounting: probes) == 1)
        try await waitForState("standby")
        try FileManager.default.removeItem(atPath: path)
        try await waitForState("failing")
        #expect(try await server.get("/status").body.contains("Not all services are online."))
      }
      await store.shutdown()
    }
  }

  @Test(.timeLimit(.minutes(5))) func aModelThatFailedToLoadIsTriedAgainByItsProbe() async throws {
    let loads = Loads()
    let store = EngineStore()
    let models = try await models(store) {
      if loads.count.add(1, ordering: .relaxed).oldValue == 0 { throw Broken() }
      return try Engine(Model.load(Self.path))
    }
    try await RunningServer.serving(
      models, configure: { $0.probeInterval = .milliseconds(20) }
    ) { server in
      func state() async throws -> JSONValue? {
        try await server.get("/status.json").json["services"]?[1]?["state"]
      }
      while try await state() != "standby" { await Task.yield() }
      let answer = try await server.post(
        "/v1/completions", #"{"model":"tiny","prompt":"a","max_tokens":2}"#)
      #expect(answer.status == 503)
      while try await state() != "online" { await Task.yield() }
      #expect(loads.count.load(ordering: .relaxed) == 2)
    }
    await store.shutdown()
  }

  @Test func aModelThatCannotBeLoadedHarmsNobodyElse() async throws {
    let store = EngineStore()
    let models = try await models(store) { throw Broken() }
    try await RunningServer.serving(models) { server in
      let answer = try await server.post(
        "/v1/completions", #"{"model":"tiny","prompt":"a","max_tokens":2}"#)
      #expect(answer.status == 503)
      #expect(try answer.errorCode == "model_unavailable")
      #expect(answer.headers["retry-after"] != nil)
      #expect(server.log.text.contains("Broken"))
      #expect(try await server.chat(ChatCompletionTests.chat).status == 200)
      #expect(try await card(server)?["loaded"] == false)
    }
  }

  @Test func aRequestWithoutAModelNeedsOneWhereThereAreSeveral() async throws {
    let store = EngineStore()
    let models = try await models(store) { throw Broken() }
    try await RunningServer.serving(models) { server in
      let answer = try await server.post("/tokenize", #"{"content":"swift"}"#)
      #expect(try answer.errorCode == "missing_required_parameter")
      let rerank = try await server.post("/v1/rerank", #"{"model":"tiny","query":"a"}"#)
      #expect(rerank.status == 400)
      #expect(try rerank.errorCode == "model_cannot_rerank")
    }
  }

  @Test func whatAModelsAuthorsRecommendIsListed() async throws {
    try await RunningServer.serving { server in
      let card = try await server.get("/v1/models/swift-1").json
      #expect(card["recommended_parameters"] == ["temperature": 0.7, "top_k": 20])
      #expect(card["embedding_length"] == 4)
    }
  }
}
