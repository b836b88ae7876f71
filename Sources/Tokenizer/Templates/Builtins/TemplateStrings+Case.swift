// Upper and lower case, and kinds of characters.

extension TemplateText {
  var uppercased: TemplateText {
    guard isASCII else { return TemplateText(string.uppercased()) }
    return TemplateText(utf8: utf8.map(Self.upper))
  }

  var lowercased: TemplateText {
    if isASCII { return TemplateText(utf8: utf8.map(Self.lower)) }
    guard utf8.contains(0xCE) else { return TemplateText(string.lowercased()) }
    let scalars = Array(scalars)
    var result = ""
    for (place, scalar) in scalars.enumerated() {
      let isFinal = scalar == "Σ" && Self.endsWord(scalars, at: place)
      result += isFinal ? "ς" : scalar.properties.lowercaseMapping
    }
    return TemplateText(result)
  }

  /// Whether a letter stands before the place, and none behind it: a sigma has another form there.
  private static func endsWord(_ scalars: [Unicode.Scalar], at place: Int) -> Bool {
    // Longer runs of marks between letters are no words.
    let before = scalars[..<place].suffix(64).last { !$0.properties.isCaseIgnorable }
    let after = scalars[(place + 1)...].prefix(64).first { !$0.properties.isCaseIgnorable }
    return before?.properties.isCased == true && after?.properties.isCased != true
  }

  /// Each word with its first letter in upper case and the others in lower case; whatever is not
  /// a letter parts words.
  var titlecased: TemplateText {
    var isInWord = false
    var result = ""
    for scalar in scalars {
      let properties = scalar.properties
      result += isInWord ? properties.lowercaseMapping : properties.titlecaseMapping
      isInWord = properties.isCased
    }
    return TemplateText(result)
  }

  /// The first letter in upper case and the others in lower case.
  var capitalized: TemplateText {
    guard let first = scalars.first else { return self }
    let rest = TemplateText(utf8[UTF8.width(first)...]).lowercased
    return TemplateText(utf8: Array(first.properties.titlecaseMapping.utf8) + rest.utf8)
  }

  var caseSwapped: TemplateText {
    var result = ""
    for scalar in scalars {
      let properties = scalar.properties
      result +=
        properties.isUppercase ? properties.lowercaseMapping : properties.uppercaseMapping
    }
    return TemplateText(result)
  }

  /// Whether there are letters with case and all are in lower case.
  var isLowercase: Bool {
    let scalars = scalars
    return scalars.contains { $0.properties.isLowercase }
      && !scalars.contains { $0.properties.isUppercase || $0.isTitlecase }
  }

  /// Whether there are letters with case and all are in upper case.
  var isUppercase: Bool {
    let scalars = scalars
    return scalars.contains { $0.properties.isUppercase }
      && !scalars.contains { $0.properties.isLowercase || $0.isTitlecase }
  }

  private static func upper(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte - 32 : byte
  }

  private static func lower(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
  }
}

extension Unicode.Scalar {
  fileprivate var isTitlecase: Bool { properties.generalCategory == .titlecaseLetter }

  /// What Python's `str.isalpha` accepts.
  var isPythonLetter: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  /// What Python's `str.isdigit` accepts.
  var isPythonDigit: Bool {
    switch properties.numericType {
    case .decimal, .digit: true
    default: false
    }
  }
}
