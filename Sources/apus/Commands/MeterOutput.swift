// How the metering commands print: rows of named values, as a table for people or as JSON.

import ArgumentParser
import Foundation
import JSON
import Metering

/// The flag that every one of them has.
struct MeterOutput: ParsableArguments {
  @Flag(help: "Print JSON.")
  var json = false

  /// Prints rows; people get the names of the values as headings.
  func show(_ rows: [JSONObject], ifNone note: String) {
    if json {
      let list = JSONValue.array(rows.map { .object($0) })
      return Terminal.writeLine(list.serialized(.pretty))
    }
    guard let first = rows.first else { return Terminal.note(note) }
    let headings = first.keys
    let cells = rows.map { row in headings.map { Self.text(row[$0] ?? .null) } }
    let widths = headings.indices.map { column in
      max(headings[column].count, cells.map { $0[column].count }.max() ?? 0)
    }
    for line in [headings] + cells {
      let padded = zip(line, widths).map { $0.padded(to: $1) }.joined(separator: "  ")
      Terminal.writeLine(padded.trimmingSuffix { $0 == " " })
    }
  }

  /// Prints one thing; people get a line for each value.
  func show(_ row: JSONObject) {
    if json { return Terminal.writeLine(JSONValue.object(row).serialized(.pretty)) }
    let width = row.keys.map(\.count).max() ?? 0
    for (key, value) in row {
      Terminal.writeLine("\(key.padded(to: width))  \(Self.text(value))")
    }
  }

  private static func text(_ value: JSONValue) -> String {
    switch value {
    case .null: "-"
    case .bool(let value): value ? "yes" : "no"
    case .string(let text): text
    case .array(let values): values.isEmpty ? "-" : values.map(text).joined(separator: " ")
    default: value.serialized()
    }
  }
}

extension String {
  fileprivate func trimmingSuffix(while isDropped: (Character) -> Bool) -> String {
    guard let last = lastIndex(where: { !isDropped($0) }) else { return "" }
    return String(self[...last])
  }
}

extension JSONValue {
  /// A moment in ISO 8601, null where there is none.
  static func time(_ wallMilliseconds: Int64?) -> JSONValue {
    guard let wallMilliseconds else { return .null }
    let date = Date(timeIntervalSince1970: Double(wallMilliseconds) / 1000)
    return .string(date.formatted(.iso8601))
  }

  /// An amount in euros, exactly, as text: numbers of JSON are not safe for money.
  static func money(_ amount: PicoEuro?) -> JSONValue {
    amount.map { .string($0.description) } ?? .null
  }
}
