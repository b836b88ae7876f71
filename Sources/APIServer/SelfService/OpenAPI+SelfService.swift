// The self-service routes in the OpenAPI document.

import JSON

extension OpenAPI {
  /// The operations of the routes for key holders.
  static let selfServicePaths: JSONObject = [
    "/pricing.json": open("The price book", "PriceBook"),
    "/v1/key": ["get": operation("The key that asks", answer: "KeyCard")],
    "/v1/keys/rotate": post("A new key in the place of this one", "Rotation", "NewKey"),
    "/v1/keys/report-leak": post("Revoke a key that was found", "Leak", "RevokedKey"),
    "/v1/usage": get("What this key used in a month", [month], "KeyUsage"),
    "/v1/organization/usage/completions": get(
      "What the account used for text", report, "ReportPage"),
    "/v1/organization/usage/embeddings": get(
      "What the account used for vectors", report, "ReportPage"),
    "/v1/organization/usage/audio_transcriptions": get(
      "What the account used for audio", report, "ReportPage"),
    "/v1/organization/costs": get("What the account is charged", report, "ReportPage"),
    "/v1/invoices": get("Invoices and credit notes", pages, "List"),
    "/v1/invoices/{id}": named("One invoice", [query("format", string)], "Invoice"),
    "/v1/receipts/{id}": named(
      "The receipt of a request, or the key of all", [query("count", integer)], "Document"),
    "/v1/disputes": .object(
      (get("Disputes", pages, "List").objectValue ?? [:]).merging(
        post("Dispute a line of an invoice", "Dispute", "OpenDispute").objectValue ?? [:])),
    "/v1/notices": get("What customers are told", pages, "List"),
    "/v1/terms": ["get": operation("Terms of use and their acceptance", answer: "List")],
    "/v1/terms/accept": post("Accept terms", "Acceptance", "Document"),
    "/v1/account/terminate": post("Give notice for the account", "Termination", "Account"),
    "/v1/account/request": post("Ask for an account", "AccountRequest", "Account"),
  ]

  static let selfServiceSchemas: JSONObject = [
    "PriceBook": object(
      ["object": string, "currency": string, "unit": integer, "data": rows],
      required: ["currency", "unit", "data"]),
    "KeyCard": object(
      [
        "data": object(
          [
            "label": string, "limit": ["type": ["number", "null"]],
            "limit_remaining": ["type": ["number", "null"]], "usage": number,
            "account_limit": ["type": ["number", "null"]],
            "account_limit_remaining": ["type": ["number", "null"]],
            "credit_remaining_eur": ["type": ["string", "null"]],
            "is_free_tier": boolean, "rate_limit": ["type": "object"],
            "limits": ["type": "object"], "account_limits": ["type": "object"],
            "refusal_limit": ["type": ["object", "null"]],
            "wrong_key_limit": ["type": ["object", "null"]],
          ], required: ["label", "usage", "limit", "limit_remaining"])
      ], required: ["data"]),
    "Rotation": object(["name": string, "grace_seconds": integer]),
    "NewKey": object(["key": string, "name": string], required: ["key", "name"]),
    "Leak": object(["key": string], required: ["key"]),
    "RevokedKey": object(["name": string, "revoked": boolean], required: ["name", "revoked"]),
    "KeyUsage": object(
      ["month": string, "requests": integer, "cost_eur": string, "models": rows],
      required: ["month", "requests", "cost_eur", "models"]),
    "ReportPage": object(
      [
        "object": string, "data": rows, "has_more": boolean,
        "next_page": ["type": ["string", "null"]],
      ], required: ["object", "data", "has_more", "next_page"]),
    "List": object(["object": string, "data": rows], required: ["object", "data"]),
    "Invoice": object(
      ["id": string, "state": string, "total_cents": integer, "document": ["type": "object"]],
      required: ["id", "state", "total_cents", "document"]),
    "Dispute": object(["invoice": string, "line": integer], required: ["invoice", "line"]),
    "OpenDispute": object(["id": string, "state": string], required: ["id", "state"]),
    "Acceptance": object(["version": integer], required: ["version"]),
    "Termination": object(["confirm": boolean], required: ["confirm"]),
    "AccountRequest": object(["name": string, "email": string], required: ["name", "email"]),
    "Account": object(["object": string, "state": string], required: ["object", "state"]),
  ]

  private static let rows: JSONValue = ["type": "array", "items": ["type": "object"]]
  private static let month = query("month", string)
  private static let pages = [query("limit", integer), query("after", string)]
  private static let report = [
    query("start_time", integer, required: true), query("end_time", integer),
    query("bucket_width", string), query("group_by", string), query("api_key_ids", string),
    query("models", string), query("limit", integer), query("page", string),
  ]

  private static func query(
    _ name: JSONValue, _ schema: JSONValue, required: Bool = false
  ) -> JSONValue {
    ["name": name, "in": "query", "required": .bool(required), "schema": schema]
  }

  private static func get(
    _ summary: JSONValue, _ parameters: [JSONValue], _ answer: String
  ) -> JSONValue {
    var object = operation(summary, answer: answer).objectValue ?? [:]
    object["parameters"] = .array(parameters)
    return ["get": .object(object)]
  }

  private static func named(
    _ summary: JSONValue, _ parameters: [JSONValue], _ answer: String
  ) -> JSONValue {
    var object = get(summary, parameters, answer).objectValue ?? [:]
    let id: JSONValue = [
      "name": "id", "in": "path", "required": true, "schema": ["type": "string"],
    ]
    object["parameters"] = .array([id] + parameters)
    return .object(object)
  }
}
