// What every body and chunk of an answer says of itself first.

import JSON
import Metering

/// Which answer, when, and whose.
struct AnswerIdentity {
  let requestID: Metering.RequestID
  /// Seconds since 1970.
  let created = MeterClock.system.wallMilliseconds() / 1000
  let model: String

  /// The JSON up to the first element of `choices`. The id is the request's own, so that an answer
  /// can be found in the records.
  func opening(id prefix: String, object: String) -> [UInt8] {
    var writer = JSONWriter()
    writer.write(
      raw: "{\"id\":\"\(prefix)\(requestID)\",\"object\":\"\(object)\",\"created\":\(created)")
    writer.write(raw: ",\"model\":")
    writer.write(string: model)
    writer.write(raw: ",\"choices\":[")
    return writer.bytes
  }
}
