// GET /portal and its two assets: the self-service routes for people. The page is the same for
// everybody; what it shows it asks for with the key that its user types, which it keeps in memory and
// nowhere else.

import HTTPTypes
import Hummingbird
import JSON
import NIOCore

enum Portal {
  static let page = Route(method: .get, path: "/portal", access: .open) { exchange, _ in
    let backend = exchange.backend
    // What the operator does not take is not offered.
    let takesRequests = backend.meter != nil && backend.configuration.takesAccountRequests
    let actions = PortalAction.all.filter { takesRequests || !$0.isForStrangers }
    return .webFile(html(actions), "text/html")
  }

  static let script = Route(method: .get, path: "/portal.js", access: .open) { _, _ in
    .webFile(scriptText, "text/javascript")
  }

  static let style = Route(method: .get, path: "/portal.css", access: .open) { _, _ in
    .webFile(styleText, "text/css")
  }

  private static func html(_ actions: [PortalAction]) -> String {
    let list = escaped(JSONValue.array(actions.map(\.description)).serialized())
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width">
      <title>Apus: your account</title>
      <link rel="stylesheet" href="portal.css">
      <script src="portal.js" defer></script>
      </head>
      <body data-actions="\(list)">
      <h1>Your account</h1>
      <form id="entry">
      <label>API key <input id="key" type="password" autocomplete="off" required autofocus></label>
      <button>Open</button>
      <p id="said" role="status"></p>
      </form>
      <p>The key stays in this page and is gone when you close it. Everything here is one request to
      the API, which is named beside it: programs can do the same.</p>
      <main id="main"></main>
      </body>
      </html>

      """
  }

  private static func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { escaped, scalar in
      switch scalar {
      case "&": escaped += "&amp;"
      case "\"": escaped += "&quot;"
      case "<": escaped += "&lt;"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
  }
}
