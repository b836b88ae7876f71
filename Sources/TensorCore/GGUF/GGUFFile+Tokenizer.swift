// What the tokens of a model's prompts are made by, in one form, so that it can be hashed: who has
// the model's file finds the same.

extension GGUFFile {
  /// The pairs whose keys begin with `tokenizer.`, sorted by key, each as a file of version 3 holds it.
  ///
  /// - Parameter chatTemplate: takes the place of the file's own.
  package func tokenizerBytes(chatTemplate: String? = nil) -> [UInt8] {
    let template = "tokenizer.chat_template"
    var keys = Set(metadata.keys.filter { $0.hasPrefix("tokenizer.") })
    if chatTemplate != nil { keys.insert(template) }
    var form = GGUFHeader()
    for key in keys.sorted() {
      let own = key == template ? chatTemplate.map { GGUFValue.string($0) } : nil
      guard let value = own ?? metadata[key] else { continue }
      form.append(key)
      form.append(.value(value))
    }
    return form.bytes
  }
}
