// The formats of strings that are enforced, as regular expressions written from their standards.
//
// A few allow less than the standard does, never more; each says so.

/// A format of strings.
struct StringFormat: Sendable {
  /// What the string must match.
  let pattern: String
  /// And must not.
  var exception: String?

  func automaton(_ limits: ConstraintLimits) throws(ConstraintError) -> Automaton {
    let all = try SchemaCompiler.automaton(pattern: "^(?:\(pattern))$", limits)
    guard let exception else { return all }
    return try all.subtracting(SchemaCompiler.automaton(pattern: exception, limits), limits)
  }

  /// Nil where the format is not known: it is an annotation then, such as OpenAPI's, which say how
  /// a value is shown or stored.
  static func named(_ name: String) -> StringFormat? { all[name] }

  private static let all: [String: StringFormat] = [
    // RFC 3339, section 5.6. Years from 0001 on; no leap seconds.
    "date": StringFormat(pattern: date, exception: "^0000"),
    "time": StringFormat(pattern: time),
    "date-time": StringFormat(pattern: date + "[Tt]" + time, exception: "^0000"),
    // RFC 3339, appendix A.
    "duration": StringFormat(pattern: duration),
    // RFC 5321, without quoted local parts and addresses in place of names.
    "email": StringFormat(pattern: localPart + "@" + hostName, exception: hyphens),
    // RFC 1123, at most four labels; no labels of other alphabets.
    "hostname": StringFormat(pattern: hostName, exception: hyphens),
    "ipv4": StringFormat(pattern: ipv4),
    // RFC 4291, section 2.2.
    "ipv6": StringFormat(pattern: ipv6),
    "uuid": StringFormat(
      pattern: hex + "{8}-" + hex + "{4}-" + hex + "{4}-" + hex + "{4}-" + hex + "{12}"),
    // RFC 3986; a host is a name or an IPv4 address.
    "uri": StringFormat(pattern: uri),
    // RFC 6901.
    "json-pointer": StringFormat(pattern: "(?:/(?:[^~/]|~[01])*)*"),
  ]

  private static let hex = "[0-9a-fA-F]"
  private static let leapYear =
    "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
  private static let date =
    "(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    + "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))|\(leapYear)-02-29)"
  private static let hour = "(?:[01][0-9]|2[0-3])"
  private static let time =
    hour + ":[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,9})?(?:[Zz]|[+-]" + hour + ":[0-5][0-9])"

  private static let duration: String = {
    let time = "T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S)"
    let date = "(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)"
    return "P(?:\(date)(?:\(time))?|\(time)|[0-9]+W)"
  }()

  private static let label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,60}[a-zA-Z0-9])?"
  private static let hostName = label + "(?:\\.\(label)){0,3}"
  /// Labels with hyphens in their third and fourth places are of other alphabets.
  private static let hyphens = "[.@]..--|^..--"
  private static let localPart: String = {
    let atom = "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]+"
    return atom + "(?:\\.\(atom))*"
  }()

  private static let octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
  private static let ipv4 = "(?:\(octet)\\.){3}\(octet)"
  private static let ipv6: String = {
    let group = "\(hex){1,4}"
    let last = "(?:\(group):\(group)|\(ipv4))"
    var options = ["(?:\(group):){6}\(last)"]
    // `::` stands for the groups that are missing between those before and after it.
    for after in 0...5 {
      let before = 5 - after
      let head = before == 0 ? "" : "(?:(?:\(group):){0,\(before - 1)}\(group))?"
      options.append("\(head)::(?:\(group):){\(after)}\(last)")
    }
    options.append("(?:(?:\(group):){0,5}\(group))?::\(group)")
    options.append("(?:(?:\(group):){0,6}\(group))?::")
    return options.joined(separator: "|")
  }()

  private static let uri: String = {
    let character = "(?:[a-zA-Z0-9._~!$&'()*+,;=-]|%\(hex){2})"
    let path = "(?:\(character)|[:@])"
    let host = "(?:[a-zA-Z0-9-]+(?:\\.[a-zA-Z0-9-]+)*)"
    let authority = "//(?:\(character)+@)?\(host)(?::[0-9]{1,5})?(?:/\(path)*)*"
    let opaque = "\(path)+(?:/\(path)*)*"
    return "[a-zA-Z][a-zA-Z0-9+.-]*:(?:\(authority)|\(opaque))(?:\\?(?:\(path)|[/?])*)?"
      + "(?:#(?:\(path)|[/?])*)?"
  }()
}
