// The heads that follow what is said.

/// Heads of cross-attention whose weights tell when a token was said. Files do not name them.
struct AlignmentHeads: Sendable {
  /// In order of layers.
  let heads: [(layer: Int, head: Int)]

  /// Those that OpenAI chose for tiny.en, base, medium, large-v3 and turbo; of other shapes all heads of
  /// the later half of the layers, as OpenAI's program takes them where it knows none.
  init(_ h: SpeechHyperparameters, isMultilingual: Bool) {
    switch (h.textLayerCount, h.textHeadCount, isMultilingual) {
    case (4, 6, false):
      heads = [(1, 0), (2, 0), (2, 5), (3, 0), (3, 1), (3, 2), (3, 3), (3, 4)]
    case (6, 8, true):
      heads = [(3, 1), (4, 2), (4, 3), (4, 7), (5, 1), (5, 2), (5, 4), (5, 6)]
    case (24, 16, true):
      heads = [(13, 15), (15, 4), (15, 15), (16, 1), (20, 0), (23, 4)]
    case (32, 20, true) where h.bandCount == 128:
      heads = [
        (7, 0), (10, 17), (12, 18), (13, 12), (16, 1), (17, 14), (19, 11), (21, 4), (24, 1),
        (25, 6),
      ]
    case (4, 20, true):
      heads = [(2, 4), (2, 11), (3, 3), (3, 6), (3, 11), (3, 14)]
    default:
      heads = (h.textLayerCount / 2..<h.textLayerCount).flatMap { layer in
        (0..<h.textHeadCount).map { (layer, $0) }
      }
    }
  }

  /// The heads of a layer.
  func heads(of layer: Int) -> [Int] { heads.filter { $0.layer == layer }.map(\.head) }
}
