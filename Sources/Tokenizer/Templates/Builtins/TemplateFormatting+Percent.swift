// `format % values`, as C's `printf` and Python have it.

extension TemplateEvaluator {
  /// `format % values`.
  func formatted(
    _ format: TemplateText, with values: TemplateValue
  ) throws(TemplateFault) -> TemplateValue {
    var values: [TemplateValue] = [values]
    var members: TemplateDict?
    // Python lets a mapping or list be left over, since names could have been looked up in it.
    var allowsRest = false
    switch values[0] {
    case .list(let list) where list.kind == .tuple: values = list.elements
    case .dict(let dict): (members, allowsRest) = (dict, true)
    case .list: allowsRest = true
    default: break
    }
    var remaining = values[...]
    var result: [UInt8] = []
    var scalars = format.scalars[...]
    while let scalar = scalars.popFirst() {
      guard scalar == "%" else {
        result.append(contentsOf: UTF8.encode(scalar)!)
        continue
      }
      if scalars.first == "%" {
        scalars.removeFirst()
        result.append(UInt8(ascii: "%"))
        continue
      }
      var value: TemplateValue?
      if scalars.first == "(", let end = scalars.firstIndex(of: ")") {
        let name = TemplateText(String(scalars[..<end].dropFirst()))
        scalars = scalars[end...].dropFirst()
        value = members?[name]
      }
      let specification = try percentFormat(&scalars)
      guard let value = value ?? remaining.popFirst() else {
        throw invalid("the format asks for more values than there are")
      }
      result += try formatted(value, as: specification)
    }
    if !allowsRest, !remaining.isEmpty {
      throw invalid("the format asks for fewer values than there are")
    }
    return try string(TemplateText(utf8: result))
  }

  private func percentFormat(
    _ scalars: inout Substring.UnicodeScalarView
  ) throws(TemplateFault) -> TemplateFormat {
    var format = TemplateFormat()
    format.alignment = .right
    while let flag = scalars.first, "-+ 0#".unicodeScalars.contains(flag) {
      scalars.removeFirst()
      switch flag {
      case "-": format.alignment = .left
      case "0" where format.alignment != .left:
        (format.alignment, format.filling) = (.afterSign, "0")
      case "+", " ": format.sign = flag
      default: break
      }
    }
    format.width = try Self.formatNumber(&scalars) ?? 0
    if scalars.first == "." {
      scalars.removeFirst()
      format.precision = try Self.formatNumber(&scalars) ?? 0
    }
    guard let type = scalars.popFirst() else { throw invalid("the format ends too early") }
    guard "srdiufFxXo".unicodeScalars.contains(type) else {
      throw invalid("the format '%\(type)' is not known; known are s r d i u f F x X o")
    }
    format.type = type
    return format
  }
}
