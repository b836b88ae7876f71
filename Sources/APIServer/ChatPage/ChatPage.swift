// What a browser gets at GET /, and its assets: a conversation with what is served. The page is the same
// for everybody and asks the API as any client does. Conversation and key are in its memory alone, and
// gone when it is closed.

import HTTPTypes
import Hummingbird

enum ChatPage {
  static let script = Route(method: .get, path: "/chat.js", access: .open) { _, _ in
    .webFile(scriptText, "text/javascript")
  }

  static let markdown = Route(method: .get, path: "/markdown.js", access: .open) { _, _ in
    .webFile(markdownText, "text/javascript")
  }

  static let style = Route(method: .get, path: "/chat.css", access: .open) { _, _ in
    .webFile(styleText, "text/css")
  }

  /// Whether a client would rather see a page than text: browsers say so, `curl` does not.
  static func isWanted(by fields: HTTPFields) -> Bool {
    fields[values: .accept].contains { $0.lowercased().contains("text/html") }
  }

  /// The page; who asks for `/` otherwise gets text.
  static var page: Response { .webFile(html, "text/html", headers: [.vary: "Accept"]) }

  private static let html = """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Apus</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="chat.css">
    <script src="markdown.js" defer></script>
    <script src="chat.js" defer></script>
    </head>
    <body>
    <header>
    <h1>Apus</h1>
    <label>Model <select id="model" disabled></select></label>
    <button id="new" type="button" disabled>New chat</button>
    <nav><a href="portal">Account</a> <a href="status">Status</a></nav>
    </header>
    <main id="main">
    <noscript><p>This page needs JavaScript. The API does not: see the address <code>/openapi.json</code>.</p></noscript>
    <div id="messages" role="log" aria-label="Conversation"></div>
    <form id="entry" hidden>
    <label>API key <input id="key" type="password" autocomplete="off" required></label>
    <button>Open</button>
    <p id="refusal" role="alert"></p>
    </form>
    </main>
    <form id="ask" novalidate>
    <details>
    <summary>Settings</summary>
    <label>Instructions <textarea id="instructions" rows="2"></textarea></label>
    <label>Temperature <input id="temperature" inputmode="decimal" autocomplete="off"></label>
    <label>At most so many tokens <input id="tokens" inputmode="numeric" autocomplete="off"></label>
    </details>
    <div id="line">
    <textarea id="text" rows="1" aria-label="Message" placeholder="Message"></textarea>
    <button id="send" disabled>Send</button>
    </div>
    <p><span class="keys">Enter sends, Shift and Enter begin a new line, Escape stops.</span> Answers are made by a machine and may be
    wrong. Nothing is kept: when this page is closed or loaded again, the conversation is gone.</p>
    </form>
    </body>
    </html>

    """
}
