// The filters by name; how they work is told by concern in the files beside this.

enum TemplateFilters {
  static let all: [TemplateText: TemplateFunction] = [
    "abs": absolute, "attr": attribute, "batch": batch, "capitalize": mapped { $0.capitalized },
    "center": center, "count": length, "d": fallback, "default": fallback,
    "dictsort": sortedItems, "e": escape, "escape": escape, "filesizeformat": fileSize,
    "first": first, "float": float, "forceescape": forceEscape, "format": format, "groupby": groups,
    "indent": indent, "int": int,
    "items": items, "join": join, "last": last, "length": length, "list": list,
    "lower": mapped { $0.lowercased }, "map": map, "max": greatest, "min": least,
    "pprint": prettyPrint,
    "reject": selection(keeps: false), "rejectattr": attributeSelection(keeps: false),
    "replace": replace, "reverse": reverse, "round": round, "safe": safe,
    "select": selection(keeps: true), "selectattr": attributeSelection(keeps: true),
    "slice": slice, "sort": sort, "string": string, "striptags": withoutTags,
    "sum": sum,
    "title": mapped(walks: true) { $0.titlecasedWords },
    "tojson": toJSON, "trim": trim, "truncate": truncate, "unique": unique,
    "upper": mapped { $0.uppercased }, "urlencode": urlEncoded, "wordcount": wordCount,
    "wordwrap": wordWrap, "xmlattr": attributes,
  ]

  /// Jinja's other filters: chance would make a rendering unlike the next, and `urlize` is for
  /// pages in a browser.
  static let refused: [TemplateText] = ["random", "urlize"]

  static func fallback(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["default_value", "boolean"])
    let isMissing = value.isUndefined || given[1]?.isTrue == true && !value.isTrue
    return isMissing ? given[0] ?? .string("") : value
  }

  static func attribute(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let name = try evaluator.string(try arguments.bind(["name"], required: 1)[0]!)
    if let method = TemplateMethods(named: name).function(for: value.type) {
      return .method(TemplateBoundMethod(receiver: value, function: method))
    }
    // A mapping's keys are not its attributes.
    if case .dict = value {
      return .undefined(TemplateUndefined(reason: .element, owner: .mapping))
    }
    return try evaluator.element(.string(name), of: value)
  }

  static func toJSON(
    _ evaluator: TemplateEvaluator, _ value: TemplateValue, _ arguments: TemplateArguments
  ) throws(TemplateFault) -> TemplateValue {
    let given = try arguments.bind(["ensure_ascii", "indent", "separators", "sort_keys"])
    var style = TemplateJSONStyle()
    style.escapesNonASCII = given[0]?.isTrue ?? false
    switch given[1] {
    case nil, .null: break
    case let indent?:
      style.indent = try evaluator.indentation(indent)
      style.itemSeparator = ","
    }
    switch given[2] {
    case nil, .null: break
    case let separators?:
      let pair = try evaluator.elements(of: separators)
      guard pair.count == 2 else { throw evaluator.invalid("'separators' must be a pair") }
      style.itemSeparator = try evaluator.string(pair[0])
      style.keySeparator = try evaluator.string(pair[1])
    }
    style.sortsKeys = given[3]?.isTrue ?? false
    var buffer: [UInt8] = []
    try evaluator.writeJSON(value, style, into: &buffer)
    return .string(TemplateText(utf8: buffer))
  }
}
