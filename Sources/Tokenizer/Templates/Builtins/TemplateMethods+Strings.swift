// The methods of strings, by name; how they work is told by concern in the files beside this.

/// A method of a string.
typealias TemplateStringMethod =
  @Sendable (TemplateEvaluator, TemplateText, TemplateArguments) throws(TemplateFault) ->
  TemplateValue

extension TemplateMethods {
  static let string: [TemplateText: TemplateFunction] = {
    var functions = safeStringMethods
    for (name, method) in stringMethods { functions[name] = function(method) }
    return functions
  }()

  /// Safe text escapes what enters it by these.
  private static let safeStringMethods: [TemplateText: TemplateFunction] = [
    "format": TemplateStrings.format, "join": TemplateStrings.join,
  ]

  private static func function(_ method: @escaping TemplateStringMethod) -> TemplateFunction {
    { (evaluator, value, arguments) throws(TemplateFault) in
      value.keepingSafety(of: try method(evaluator, value.text ?? "", arguments))
    }
  }

  private static let stringMethods: [TemplateText: TemplateStringMethod] = [
    "strip": TemplateStrings.strip, "lstrip": TemplateStrings.stripLeft,
    "rstrip": TemplateStrings.stripRight, "removeprefix": TemplateStrings.removePrefix,
    "removesuffix": TemplateStrings.removeSuffix,
    "split": TemplateStrings.split, "rsplit": TemplateStrings.splitFromRight,
    "splitlines": TemplateStrings.splitLines, "partition": TemplateStrings.partition,
    "rpartition": TemplateStrings.partitionFromRight,
    "startswith": TemplateStrings.startsWith, "endswith": TemplateStrings.endsWith,
    "find": TemplateStrings.find, "rfind": TemplateStrings.findFromRight,
    "index": TemplateStrings.index, "rindex": TemplateStrings.indexFromRight,
    "count": TemplateStrings.count, "replace": TemplateStrings.replace,
    "upper": TemplateStrings.mapped { $0.uppercased },
    "lower": TemplateStrings.mapped { $0.lowercased },
    "casefold": TemplateStrings.mapped { $0.caseFolded },
    "title": TemplateStrings.mapped(walks: true) { $0.titlecased },
    "capitalize": TemplateStrings.mapped { $0.capitalized },
    "swapcase": TemplateStrings.mapped(walks: true) { $0.caseSwapped },
    "center": TemplateStrings.center, "ljust": TemplateStrings.justifyLeft,
    "rjust": TemplateStrings.justifyRight, "zfill": TemplateStrings.fillWithZeros,
    "expandtabs": TemplateStrings.expandTabs, "format_map": TemplateStrings.formatMapping,
    "maketrans": TemplateStrings.makeTranslation, "translate": TemplateStrings.translate,
    "isidentifier": TemplateStrings.test(\.isIdentifier),
    "isalpha": TemplateStrings.all(\.isPythonLetter),
    "isdecimal": TemplateStrings.all { $0.properties.numericType == .decimal },
    "isdigit": TemplateStrings.all(\.isPythonDigit),
    "isnumeric": TemplateStrings.all { $0.properties.numericType != nil },
    "isalnum": TemplateStrings.all { $0.isPythonLetter || $0.properties.numericType != nil },
    "isspace": TemplateStrings.all(\.isPythonSpace),
    "isprintable": TemplateStrings.test { $0.scalars.allSatisfy(\.isPythonPrintable) },
    "isascii": TemplateStrings.test(\.isASCII),
    "islower": TemplateStrings.test(\.isLowercase),
    "isupper": TemplateStrings.test(\.isUppercase),
    "istitle": TemplateStrings.test { $0 == $0.titlecased && $0 != $0.caseSwapped },
  ]
}

/// The methods of strings. Each is a `TemplateStringMethod` or makes one.
enum TemplateStrings {
  /// A method without arguments that makes other text of the text. `walks`: a character at a time
  /// even where all is ASCII.
  static func mapped(
    walks: Bool = false, _ change: @escaping @Sendable (TemplateText) -> TemplateText
  ) -> TemplateStringMethod {
    { (evaluator, text, arguments) throws(TemplateFault) in
      _ = try arguments.bind([])
      if walks || !text.isASCII { try evaluator.budget.walk(text.utf8.count) }
      // No case mapping makes more than three times as many bytes.
      try evaluator.budget.make(text.utf8.count * 3)
      return .string(change(text))
    }
  }

  /// A method without arguments that holds or does not.
  static func test(_ holds: @escaping @Sendable (TemplateText) -> Bool) -> TemplateStringMethod {
    { (evaluator, text, arguments) throws(TemplateFault) in
      _ = try arguments.bind([])
      try evaluator.budget.walk(text.utf8.count)
      return .bool(holds(text))
    }
  }

  /// A method that holds where the text is not empty and all its code points pass.
  static func all(_ passes: @escaping @Sendable (Unicode.Scalar) -> Bool) -> TemplateStringMethod {
    test { !$0.utf8.isEmpty && $0.scalars.allSatisfy(passes) }
  }
}
