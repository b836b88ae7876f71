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
    // A model that answers messages makes the better example.
    let model = models.first { $0.hasChatTemplate } ?? models.first
    let embeds = model?.facts.isEncoder == true
    var request: JSONObject = ["model": .string(model?.name ?? "MODEL")]
    if embeds {
      request["input"] = "Swifts sleep on the wing."
    } else {
      request["stream"] = true
      request["messages"] = [["role": "user", "content": "Tell me about swifts, the birds."]]
    }
    let body = JSONValue.object(request).serialized().replacing("'", with: "'\\''")
    let page = """
      Apus answers OpenAI's API at \(backend.address)/v1

      \(names.isEmpty ? askForKey : (["Models:"] + names).joined(separator: "\n  "))

      Try it:

        curl -N \(backend.address)/v1/\(embeds ? "embeddings" : "chat/completions") \\
          -H 'Content-Type: application/json' \\\(needsKey ? keyLine : "")
          -d '\(body)'

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
      let principal = try? meter.authenticate(key, address: exchange.network)
    else { return [] }
    return exchange.backend.models.filter {
      (try? meter.rules(for: principal, model: $0.recordID)) != nil
    }
  }

  private static let askForKey =
    "Requests need a key; with one, GET /v1/models lists what is served."
  private static let keyLine = "\n    -H \"Authorization: Bearer $APUS_API_KEY\" \\"
}
