// The patterns that pre-tokenizer rules are put together from. `Pattern` describes the language.

extension PreTokenizerRule {
  /// English contractions in either case; a choice that others follow.
  static let contractions = "'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|"

  /// GPT-2's own: contractions, and letters, digits or others with the space before them.
  static let gpt2 = Stage.pattern(
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#)

  /// The large family after GPT-4: a word takes any one character before it along, digits stand
  /// alone, others take line ends along. The defaults are Qwen2's.
  static func words(
    contractions: String = contractions, letters: String = #"\p{L}"#, digits: String = #"\p{N}"#,
    others: String = #"[^\s\p{L}\p{N}]"#, after: String = #"[\r\n]*"#,
    newline: String = #"\s*[\r\n]+"#, spaces: String = #"\s+(?!\S)|\s+"#
  ) -> Stage {
    .pattern(
      contractions + #"[^\r\n\p{L}\p{N}]?\#(letters)+|\#(digits)| ?\#(others)+\#(after)|"#
        + #"\#(newline)|\#(spaces)"#)
  }

  /// As `words`, and a word ends before a capital letter (of ASCII).
  static func cased(
    _ letters: String = #"\p{L}"#, digits: String = #"\p{N}"#,
    contractions: String = "(\(contractions.dropLast()))?"
  ) -> Stage {
    let upper = "[\(letters)--[a-z]]"
    let lower = "[\(letters)--[A-Z]]"
    let before = #"[^\r\n\p{L}\p{N}]?"#
    return .pattern(
      "\(before)\(upper)*\(lower)+\(contractions)|\(before)\(upper)+\(lower)*\(contractions)|"
        + digits + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#)
  }

  /// As `words` with marks counted as letters and contractions after the word.
  static func marked(_ digits: String) -> Stage {
    .pattern(
      #"[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+(\#(contractions.dropLast()))?|\#(digits)|"#
        + #" ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#)
  }

  /// Punctuation and symbols apart from other characters; `rest` follows a run of them.
  static func symbols(_ rest: String) -> Stage {
    .pattern(
      #"[!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|"#
        + #" ?[\p{P}\p{S}]+\#(rest)|\s+(?!\S)|\s+"#)
  }

  /// Runs of Han characters, and words of other letters with contractions after them.
  static let hanOrWords: Stage = {
    let han = #"""
      [\u{3400}-\u{4DBF}\u{4E00}-\u{9FFF}\u{F900}-\u{FAFF}\u{20000}-\u{2A6DF}\u{2A700}-\u{2EBEF}\#
      \u{2F800}-\u{2FA1F}]
      """#
    return .pattern(
      #"\#(han)+|[^\r\n\p{L}\p{N}]?[\p{L}--\#(han)]+(\#(contractions.dropLast()))?|\p{N}{1,3}|"#
        + #" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#)
  }()

  static let digit = Stage.pattern(#"\p{N}"#)
  static let numbers = Stage.pattern(#"\p{N}+"#)
  static let threeNumbers = Stage.pattern(#"\p{N}{1,3}"#)
  static let threeDigits = Stage.pattern("[0-9]{3}")
  static let newline = Stage.pattern(#"[\r\n]"#)
  static let lines = Stage.pattern(#"[^\n]+|\n+"#)
  /// White space at the end apart from all that is before it. (`\s+$` would be tried anew at each space of
  /// a run that is followed by something.)
  static let spacesAtEnd = Stage.pattern(#"(\s*[^\s])+|\s+"#)
  static let indentation = Stage.pattern(#"[\t\n]|    |  "#)
  static let punctuation = Stage.pattern(#"[\p{P}!-/:-@\[-`{-~]"#)
  static let image = Stage.pattern("<sentinel:[0-9]+>|IMGIMG[A-I]{1,4}Z")
  static let unpunctuated = Stage.pattern(
    #" ?[^(\s|.,!?\u{2026}\u{3002}\u{FF0C}\u{3001}\u{964}\u{6D4}\u{60C})]+"#)
  static let hanOrKana = Stage.pattern(#"[\u{4E00}-\u{9FA5}\u{3040}-\u{30FF}]+"#)
  static let eastAsian = Stage.pattern(#"[\u{800}-\u{9FA5}\u{AC00}-\u{D7FF}--[\s]]+"#)

  /// Hangul, East Asian punctuation, Bopomofo, Han and kana, each a run of its own.
  static let asianRuns = Stage.pattern(
    #"""
    [\u{AC00}-\u{D7A3}\u{3131}-\u{318E}]+|\#
    [\u{FF01}\u{2026}\u{201C}\u{201D}\u{2018}\u{2019}\u{2014}\u{FF1A}\u{FF1B}\u{FF0C}\#
    \u{3001}-\u{303F}\u{FE30}-\u{FE4F}]+|\#
    [\u{3105}-\u{312F}]+|[\u{4E00}-\u{9FA5}\u{3040}-\u{30FF}]+
    """#)

  /// Scripts of East and South East Asia that are written without spaces.
  static let southEastAsian = Stage.pattern(
    #"""
    [\u{3400}-\u{4DBF}\u{4E00}-\u{FAFF}\u{3040}-\u{30FF}\u{FF65}-\u{FF9F}\u{2F00}-\u{2FDF}\#
    \u{E40}-\u{EFF}\u{1780}-\u{17FF}\u{1000}-\u{109F}\u{A9E0}-\u{A9FF}\u{AA60}-\u{AA7F}\#
    \u{1100}-\u{11FF}]+
    """#)

  /// Punctuation of ASCII, its full-width twins and East Asian quotes.
  static let marks = Stage.pattern(
    #"\s?[!-/:-~\u{FF01}-\u{FF0F}\u{FF1A}-\u{FF5E}\u{2018}-\u{201F}\u{3001}\u{3002}]+"#)

  /// Letters of scripts that have upper and lower case.
  static let latin = Stage.pattern(
    #"""
    \s?[A-Za-z\u{B5}\u{C0}-\u{D6}\u{D8}-\u{F6}\u{F8}-\u{1BA}\u{1BC}-\u{1BF}\u{1C4}-\u{293}\#
    \u{295}-\u{2AF}\u{370}-\u{373}\u{376}\u{377}\u{37B}-\u{37D}\u{37F}\u{386}\u{388}-\u{38A}\#
    \u{38C}\u{38E}-\u{3A1}\u{3A3}-\u{3F5}\u{3F7}-\u{481}\u{48A}-\u{52F}\u{531}-\u{556}\#
    \u{10A0}-\u{10C5}\u{13A0}-\u{13F5}\u{13F8}-\u{13FD}\u{1C90}-\u{1CBA}\u{1CBD}-\u{1CBF}\#
    \u{1D00}-\u{1D2B}\u{1D6B}-\u{1D77}\u{1D79}-\u{1D9A}\u{1E00}-\u{1F15}\u{1F18}-\u{1F1D}\#
    \u{1F20}-\u{1F45}\u{1F48}-\u{1F4D}\u{1F50}-\u{1F57}\u{1F59}\u{1F5B}\u{1F5D}\#
    \u{1F5F}-\u{1F7D}\u{1F80}-\u{1FB4}\u{1FB6}-\u{1FBC}\u{1FBE}\u{1FC2}-\u{1FC4}\#
    \u{1FC6}-\u{1FCC}\u{1FD0}-\u{1FD3}\u{1FD6}-\u{1FDB}\u{1FE0}-\u{1FEC}\u{1FF2}-\u{1FF4}\#
    \u{1FF6}-\u{1FFC}\u{2102}\u{2107}\u{210A}-\u{2113}\u{2115}\u{2119}-\u{211D}\u{2124}\#
    \u{2126}\u{2128}\u{212A}-\u{212D}\u{212F}-\u{2134}\u{2139}\u{213C}-\u{213F}\#
    \u{2145}-\u{2149}\u{214E}\u{2183}\u{2184}\u{2C00}-\u{2C7B}\u{2C7E}-\u{2CE4}\#
    \u{2CEB}-\u{2CEE}\u{2CF2}\u{2CF3}\u{A640}-\u{A66D}\u{A680}-\u{A69B}\u{A722}-\u{A76F}\#
    \u{A771}-\u{A787}\u{A78B}-\u{A78E}\u{AB70}-\u{ABBF}\u{FB00}-\u{FB06}\u{FB13}-\u{FB17}\#
    \u{FF21}-\u{FF3A}\u{FF41}-\u{FF5A}\u{10400}-\u{1044F}\u{104B0}-\u{104D3}\#
    \u{104D8}-\u{104FB}\u{10C80}-\u{10CB2}\u{10CC0}-\u{10CF2}\u{118A0}-\u{118DF}\#
    \u{1E900}-\u{1E943}]+
    """#)
}
