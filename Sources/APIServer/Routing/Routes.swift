// Every route of the server in one table: what is not in it does not exist.

import HTTPTypes
import Hummingbird
import HummingbirdCore

/// Who may ask a route.
enum RouteAccess: Sendable {
  /// Everybody who reaches the listener.
  case open
  /// Holders of a key, once there are keys.
  case key
  /// Holders of a key of the administration.
  case administrator
}

/// What the body of a request is, and which limit holds for it.
enum BodyForm: Sendable {
  case json
  /// `multipart/form-data` with a recording in it.
  case form
}

/// A path, the method it answers, and who may ask.
struct Route: Sendable {
  typealias Handler = @Sendable (Exchange, _ parameter: String) async throws -> Response

  let method: HTTPRequest.Method
  /// A trailing `{id}` stands for the rest of a path, slashes included.
  let path: String
  /// Other paths for the same.
  var aliases: [String] = []
  var access = RouteAccess.key
  var errors = ErrorShape.openAI
  /// Whether a model is asked, under limits: then a key that was refused too often is told so at once,
  /// and an `Idempotency-Key` is honoured.
  var asksModel = false
  /// What its body is, where it takes one.
  var body = BodyForm.json
  /// Whether the handler runs on the event loop, so that nothing waits for a thread to wake. Then it
  /// must neither block nor work for long: everybody's answers leave through that loop.
  var runsOnEventLoop = false
  let handler: Handler
}

/// What a table of routes looks like from outside: for tests that hold them all to their rules.
package struct RouteDescription: Hashable, Sendable {
  package let method: String
  package let path: String
  package let aliases: [String]
  package let requiresKey: Bool
  package let runsOnEventLoop: Bool

  /// The public API.
  package static var all: [RouteDescription] {
    RouteTable.all.map {
      RouteDescription(
        method: $0.method.rawValue, path: $0.path, aliases: $0.aliases,
        requiresKey: $0.access == .key, runsOnEventLoop: $0.runsOnEventLoop)
    }
  }
}

/// Finds the route of a request.
struct RouteTable: Sendable {
  /// The public API.
  static let all: [Route] =
    [
      FrontPage.route, Health.route, Models.list, Models.one, ChatCompletions.route,
      Completions.route, Tokens.tokenize, Tokens.detokenize, Tokens.applyTemplate, Messages.route,
      Messages.count,
      Responses.route, Responses.count, Embeddings.route, Rerank.route,
      Transcriptions.transcribe, Transcriptions.translate,
      Status.document, Status.page, Status.icon, OpenAPI.route, Pricing.route, Portal.page,
      Portal.script,
      Portal.style, ChatPage.script, ChatPage.markdown, ChatPage.style,
    ] + selfService
  /// What key holders see and do of their own account.
  static let selfService: [Route] =
    [
      OwnKey.show, OwnKey.rotate, OwnKey.reportLeak, OwnUsage.route, OrganizationUsage.costs,
      Invoices.list, Invoices.one, Invoices.disputes, Invoices.dispute, Receipts.route,
      Announcements.notices, Announcements.terms, Announcements.accept, OwnAccount.terminate,
      OwnAccount.request,
    ] + OrganizationUsage.usage
  /// What the one who runs the server asks.
  static let administration: [Route] = [
    Metrics.route, Health.route, Status.document, Status.page, Status.icon,
    Administration.list, Administration.verb,
  ]

  private struct Place: Sendable {
    var routes: [HTTPRequest.Method: Route] = [:]

    /// The value of an `Allow` header.
    var allow: String {
      let names = routes.keys.map(\.rawValue) + (routes[.get] == nil ? [] : ["HEAD"])
      return names.sorted().joined(separator: ", ")
    }
  }

  private var exact: [String: Place] = [:]
  /// Paths that end with a parameter, by what stands before it.
  private var open: [(prefix: String, place: Place)] = []
  /// Paths of routes that tell errors in Anthropic's shape, and what those below them begin with.
  private let anthropicPaths: [(path: String, below: String)]
  /// Paths of routes that take forms.
  private let formPaths: [String]

  init(_ routes: [Route]) {
    formPaths = routes.filter { $0.body == .form }.flatMap { [$0.path] + $0.aliases }
    anthropicPaths = routes.filter { $0.errors == .anthropic }
      .flatMap { [$0.path] + $0.aliases }.map { (path: $0, below: $0 + "/") }
    for route in routes {
      for path in [route.path] + route.aliases {
        if path.hasSuffix("/{id}") {
          let prefix = String(path.dropLast("{id}".count))
          let index = open.firstIndex { $0.prefix == prefix } ?? open.count
          if index == open.count { open.append((prefix, Place())) }
          open[index].place.routes[route.method] = route
        } else {
          exact[path, default: Place()].routes[route.method] = route
        }
      }
    }
  }

  /// How errors are told at a path and at those below it, also where nothing is served.
  func errors(under path: String) -> ErrorShape {
    let isAnthropic = anthropicPaths.contains { path == $0.path || path.hasPrefix($0.below) }
    return isAnthropic ? .anthropic : .openAI
  }

  /// What the body of a request is, by the target that its head names.
  func bodyForm(at target: String) -> BodyForm {
    var path = URI(target).path[...]
    if path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
    return formPaths.contains { $0 == path } ? .form : .json
  }

  /// The route of a request and the parameter in its path.
  ///
  /// - Throws: 404 for a path that is not served, 405 for a method that it does not answer.
  func route(
    _ method: HTTPRequest.Method, _ path: String
  ) throws(APIError) -> (route: Route, parameter: String) {
    let path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    let place: Place
    var parameter = ""
    if let found = exact[path] {
      place = found
    } else if let found = open.first(where: { path.hasPrefix($0.prefix) }) {
      place = found.place
      parameter = path.dropFirst(found.prefix.count).removingPercentEncoding
    } else {
      throw .unknownRoute
    }
    guard let route = place.routes[method == .head ? .get : method] else {
      throw .methodNotAllowed(allow: place.allow)
    }
    return (route, parameter)
  }
}

extension Substring {
  /// The text with `%XX` replaced; what is no escape stays, what is no UTF-8 is replaced.
  fileprivate var removingPercentEncoding: String {
    var bytes: [UInt8] = []
    var rest = utf8[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(2).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
      if byte == UInt8(ascii: "%"), digits.count == 2 {
        bytes.append(UInt8(digits[0] * 16 + digits[1]))
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
