// GET /: what a person who asks the server's address needs to get on. Browsers get `ChatPage`.

import Hummingbird
import JSON
import NIOCore

enum FrontPage {
  static let route = Route(method: .get, path: "/", access: .open) { exchange, _ in
    if ChatPage.isWanted(by: exchange.request.headers) { return ChatPage.page }
    let backend = exchange.backend
    let needsKey = backend.meter?.hasKeys == true
    let models = known(to: exchange)
    let names = models.map(\.name)
    // Where the key is still to come, the example suits a model that it may be for.
    let kind = bestKind(of: models.isEmpty ? backend.models : models)
    let model = models.first { $0.kind == kind }
    let arguments = kind.arguments(model: model?.name ?? "MODEL")
    let page = """
      Apus answers OpenAI's API at \(backend.address)/v1

      \(names.isEmpty ? askForKey(kind) : (["Models:"] + names).joined(separator: "\n  "))

      Try it:

        curl -N \(backend.address)\(kind.path) \\\(needsKey ? keyLine : "")
          \(arguments.joined(separator: " \\\n    "))

      In a browser this address is a chat; /portal shows the holder of a key their account. GET /health
      says whether the server is well.

      """
    return Response(
      status: .ok, headers: [.contentType: "text/plain; charset=utf-8", .vary: "Accept"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: page)))
  }

  /// Where keys decide who may know what is served, the models of the key that came along.
  private static func known(to exchange: Exchange) -> [ModelEntry] {
    guard let meter = exchange.backend.meter, meter.hasKeys else { return exchange.backend.models }
    guard let key = Frontend.key(in: exchange.request.headers),
      let principal = try? meter.authenticate(key, address: exchange.address)
    else { return [] }
    return exchange.backend.models.filter {
      (try? meter.rules(for: principal, model: $0.recordID)) != nil
    }
  }

  /// The kind that makes the best example: models that answer messages do.
  private static func bestKind(of models: [ModelEntry]) -> ModelKind {
    ModelKind.allCases.first { kind in models.contains { $0.kind == kind } } ?? .chat
  }

  private static func askForKey(_ kind: ModelKind) -> String {
    "Requests need a key; with one, GET /v1/models lists what is served. MODEL is one of the kind\n"
      + "'\(kind.rawValue)'."
  }
  private static let keyLine = "\n    -H \"Authorization: Bearer $APUS_API_KEY\" \\"
}

extension ModelKind {
  /// Where a model of the kind is asked.
  fileprivate var path: String {
    switch self {
    case .chat: "/v1/chat/completions"
    case .base: "/v1/completions"
    case .embedding: "/v1/embeddings"
    case .transcription: "/v1/audio/transcriptions"
    }
  }

  /// What `curl` is told to ask it, a line each.
  fileprivate func arguments(model: String) -> [String] {
    func quoted(_ text: String) -> String {
      "'" + text.replacing("'", with: "'\\''") + "'"
    }
    if self == .transcription { return ["-F file=@speech.wav", "-F " + quoted("model=" + model)] }
    var request: JSONObject = ["model": .string(model)]
    for (name, value) in example { request[name] = value }
    return [
      "-H 'Content-Type: application/json'",
      "-d " + quoted(JSONValue.object(request).serialized()),
    ]
  }

  /// What it is asked, beside its name.
  private var example: JSONObject {
    switch self {
    case .chat:
      [
        "stream": true,
        "messages": [["role": "user", "content": "Tell me about swifts, the birds."]],
      ]
    case .base: ["stream": true, "max_tokens": 64, "prompt": "Swifts are birds that"]
    case .embedding: ["input": "Swifts sleep on the wing."]
    case .transcription: [:]
    }
  }
}
