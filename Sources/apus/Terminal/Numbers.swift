// Numbers as people read them.

/// `98.4 MB`: decimal units, three significant digits or so.
func byteText(_ bytes: Int) -> String {
  var value = Double(bytes)
  var units = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"][...]
  while value >= 999.5, units.count > 1 {
    value /= 1000
    units.removeFirst()
  }
  let unit = units.first!
  return unit == "bytes" ? "\(bytes) bytes" : "\(decimal(value, value < 100 ? 1 : 0)) \(unit)"
}

/// `value` with that many digits after the point, rounded to nearest.
func decimal(_ value: Double, _ places: Int) -> String {
  guard value.isFinite, value.magnitude < 1e15 else { return "\(value)" }
  var scale = 1.0
  for _ in 0..<places { scale *= 10 }
  let scaled = (value.magnitude * scale).rounded()
  var digits = String(Int(scaled))
  if digits.count <= places {
    digits = String(repeating: "0", count: places + 1 - digits.count) + digits
  }
  if places > 0 {
    digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -places))
  }
  return value < 0 && scaled > 0 ? "-" + digits : digits
}

extension String {
  /// With spaces after it, to be `width` characters wide.
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }

  /// With spaces before it, to be `width` characters wide.
  func aligned(to width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}
