// The notice that was given for a model, on every answer of it and in its card.

import HTTPTypes
import JSON
import Metering

extension ModelRetirement {
  /// `Deprecation` (RFC 9745, a date as RFC 9651 writes it) and `Sunset` (RFC 8594).
  var headers: HTTPFields {
    [
      .deprecation: "@\(announcedMilliseconds / 1000)",
      .sunset: HTTPDate.text(max(0, endsMilliseconds / 1000)),
    ]
  }

  /// The day on which it ends (UTC), as `2026-11-15`.
  var endDate: String { "\(CivilDate(dayNumber: endsMilliseconds / 86_400_000))" }

  /// The same for `/v1/models`, in seconds since 1970.
  var card: JSONObject {
    [
      "announced": .integer(announcedMilliseconds / 1000),
      "ends": .integer(endsMilliseconds / 1000),
      "successor": successor.map { .string($0.text) } ?? .null,
    ]
  }
}
