// Where every request comes in and every response goes out.

import HTTPTypes
import Hummingbird
import Logging
import Metering
import NIOCore

/// Finds the route, checks the caller, calls the endpoint, turns whatever is thrown into an answer,
/// and adds the headers that all answers have.
struct Frontend: Sendable {
  let backend: Backend
  let logger: Logger
  let routes: RouteTable
  /// Whether requests may come under any name of this machine.
  private let answersAnyHost: Bool

  init(backend: Backend, logger: Logger, routes: [Route], answersAnyHost: Bool) {
    self.backend = backend
    self.logger = logger
    self.routes = RouteTable(routes)
    self.answersAnyHost = answersAnyHost
  }

  func respond(to request: Request, _ connection: Connection) async -> Response {
    let exchange = Exchange(request, connection, backend: backend, logger: logger)
    var response: Response
    do {
      response = try await answer(exchange)
    } catch {
      let refusal = exchange.refusal(for: error)
      exchange.withNotes { $0.code = refusal.code }
      response = refusal.response(in: exchange.withNotes { $0.errors })
    }
    let notes = exchange.withNotes { $0 }
    if let rate = notes.rate, response.headers[.requestLimit] == nil {
      response.headers.append(contentsOf: rate.headers)
    }
    if let retirement = notes.retirement { response.headers.append(contentsOf: retirement.headers) }
    response.headers[.requestID] = notes.requestID.description
    if notes.errors == .anthropic {
      response.headers[.anthropicRequestID] = notes.requestID.description
    }
    // A cache between here and there knows nothing of who asked: keys come in more than one header.
    if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
    response.headers[.date] = HTTPDate.now
    response.headers[.server] = "apus"
    response.headers[.processingMilliseconds] = "\(exchange.age.milliseconds)"
    // No further request is taken, so the connection is of no more use.
    if backend.isDraining { response.headers[.connection] = "close" }
    if request.method == .head { response = response.createHeadResponse() }
    if !notes.endsWithBody { exchange.log(status: response.status.code) }
    return response
  }

  private func answer(_ exchange: Exchange) async throws -> Response {
    let request = exchange.request
    let path = request.uri.path
    // Whoever misses a route is told so in the words of its neighbours.
    exchange.withNotes { $0.errors = routes.errors(under: path) }
    if let coding = request.headers[.transferEncoding], coding.lowercased() != "chunked" {
      throw APIError.unsupportedTransferCoding
    }
    let (route, parameter) = try routes.route(request.method, path)
    exchange.withNotes { notes in
      notes.route = route.path
      notes.errors = route.errors
    }
    guard exchange.isTaken || route.access == .open else { throw APIError.draining }
    try checkHost(request)
    switch route.access {
    case .open:
      // What is only looked at is for everybody, in an incident too.
      if ![.get, .head].contains(request.method) {
        try backend.meter?.measures.check(address: exchange.address)
      }
    case .key:
      try backend.meter?.measures.check(address: exchange.address)
      let principal = try authenticate(exchange)
      exchange.withNotes { $0.principal = principal }
      if route.asksModel {
        try principal.require(.useModels)
        try backend.meter?.lookAtRefusals(of: principal)
      }
    case .administrator:
      let name = try administrator(exchange)
      exchange.withNotes { $0.administrator = name }
    }
    if route.asksModel, let key = request.headers[.idempotencyKey] {
      return try await sharedAnswer(to: exchange, key, route, parameter)
    }
    return try await handle(exchange, route, parameter)
  }

  /// Calls the endpoint where it wants to be called.
  func handle(
    _ exchange: Exchange, _ route: Route, _ parameter: String
  ) async throws -> Response {
    if route.runsOnEventLoop { return try await route.handler(exchange, parameter) }
    return try await withTaskExecutorPreference(globalConcurrentExecutor) {
      try await route.handler(exchange, parameter)
    }
  }

  /// Without keys only this machine is answered, under its own name: a page in somebody's browser
  /// can make a foreign name point here, and would then read what it likes. Nor may a page of another
  /// site send what a browser asks no leave for, such as a form.
  private func checkHost(_ request: Request) throws(APIError) {
    guard let authority = request.head.authority, !authority.isEmpty else { throw .missingHost }
    if answersAnyHost || backend.meter?.hasKeys == true { return }
    let host = LoopbackHost.host(ofAuthority: authority)
    guard LoopbackHost.contains(host) else { throw .foreignHost }
    guard let origin = request.headers[.origin] else { return }
    if WebOrigin.isForeign(origin, to: authority) { throw .foreignOrigin }
  }

  private func authenticate(_ exchange: Exchange) throws(MeterError) -> Principal {
    guard let meter = backend.meter else { return .local }
    return try meter.authenticate(
      Self.key(in: exchange.request.headers),
      address: exchange.address)
  }

  /// Who administers. A key of the public API is none, and theirs is none there.
  private func administrator(_ exchange: Exchange) throws -> KeyName {
    guard let meter = backend.meter else { throw APIError.noLedger }
    let text = Self.key(in: exchange.request.headers) ?? ""
    guard let record = try meter.store.adminKey(text) else {
      try meter.lookAtStranger(exchange.address?.network)
      throw APIError.noAdministrator
    }
    return record.name
  }

  /// The key of a request: a bearer token, or the header that Anthropic's clients use, which stands
  /// beside what other credentials a proxy takes.
  static func key(in headers: HTTPFields) -> String? {
    guard let credentials = headers[.authorization] else { return headers[.apiKey] }
    // By bytes: this is before each first token, and `split` and `lowercased` take 10 µs with cold caches.
    let text = credentials.utf8
    guard let space = text.firstIndex(of: UInt8(ascii: " ")),
      text[..<space].elementsEqual("bearer".utf8, by: { $0 | 0x20 == $1 })
    else { return headers[.apiKey] }
    return String(text[space...].drop { $0 == UInt8(ascii: " ") })
  }
}

extension APIError {
  static let noAdministrator = refused(
    .unauthorized, "invalid_admin_key",
    "The administration takes keys that 'apus meter admin create' makes: send one as "
      + "'Authorization: Bearer apus_admin_...'.")
}

extension Exchange {
  /// What the client is told about an error. One that is the server's own is logged.
  func refusal(for error: any Error) -> APIError {
    if let known = APIError(known: error) { return known }
    log(internalError: error)
    return .internalError
  }
}
