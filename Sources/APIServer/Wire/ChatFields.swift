// The body of a chat completion request as the server uses it.

import JSON

/// `POST /v1/chat/completions`, taken apart.
struct ChatFields: ConversationRequest {
  let model: String
  let conversation: ConversationFields
  let stream: StreamFields
  let generation: GenerationFields

  init(body: JSONValue, limits: Server.Limits, isStrict: Bool) throws(APIError) {
    var fields = try RequestFields(body: body, isStrict: isStrict)
    guard let model = try fields.string("model") else { throw fields.missing("model") }
    self.model = model
    conversation = try ConversationFields(&fields, limits: limits)
    stream = try StreamFields(&fields)
    generation = try GenerationFields(&fields, of: .chat, limits: limits)
    try Self.refuseUnsupported(&fields)
    Self.acceptAndDrop(&fields)
    try fields.end()
  }

  /// Fields that belong to chat, are known, and would change the answer.
  private static func refuseUnsupported(_ fields: inout RequestFields) throws(APIError) {
    let leaveOut = "leave it out"
    let isEmptyArray: (JSONValue) -> Bool = { $0.arrayValue?.isEmpty == true }
    try fields.refuseUnsupported("functions", unless: isEmptyArray, "send them as 'tools'")
    try fields.refuseUnsupported(
      "function_call", unless: { $0 == "none" || $0 == "auto" }, "send it as 'tool_choice'")
    try fields.refuseUnsupported("store", unless: { $0 == false }, leaveOut)
    try fields.refuseUnsupported(
      "modalities", unless: { $0 == ["text"] }, "only [\"text\"] is")
    try fields.refuseUnsupported(
      "service_tier", unless: { $0 == "auto" || $0 == "default" }, leaveOut)
    for name in [
      "audio", "moderation", "prediction", "web_search_options",
    ] {
      try fields.refuseUnsupported(name, unless: { _ in false }, leaveOut)
    }
  }

  /// Fields that change nothing in an answer. They are never kept.
  private static func acceptAndDrop(_ fields: inout RequestFields) {
    for name in [
      "user", "metadata", "safety_identifier", "prompt_cache_key", "prompt_cache_options",
      "prompt_cache_retention", "cache_prompt",
    ] {
      _ = fields.value(name)
    }
  }
}
