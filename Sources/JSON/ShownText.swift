// Text of a file or a request on its way into a message.

extension StringProtocol {
  /// The text on one line, without what a terminal would follow instead of showing it.
  package var shown: String {
    var result = ""
    for scalar in unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse:
        result += ["\t", "\n", "\r"].contains(scalar) ? " " : "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
