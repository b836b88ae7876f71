// Which chat template a model's conversations are written by.

package import TensorCore

/// The source of a model's chat template, unread.
package struct ChatTemplateSources: Sendable {
  /// What conversations are written by; nil for a base model.
  package let plain: String?

  /// Takes what a file has. A template of nothing but white space is none: it would drop what was
  /// said.
  ///
  /// - Parameter replacement: takes the place of the file's own.
  package init(_ metadata: GGUFMetadata, replacedBy replacement: String? = nil) throws(GGUFError) {
    let own = try metadata.string("tokenizer.chat_template")
    let source = replacement ?? own
    plain = source?.allSatisfy(\.isWhitespace) == false ? source : nil
  }
}
