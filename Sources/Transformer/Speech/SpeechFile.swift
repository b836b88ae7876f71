// The file format of whisper.cpp ("ggml .bin"), little-endian throughout:
//
//   i32 0x67676d6c; 11 × i32: n_vocab n_audio_ctx n_audio_state n_audio_head n_audio_layer
//     n_text_ctx n_text_state n_text_head n_text_layer n_mels ftype
//   i32 n_mel, i32 n_fft; f32 filters [n_mel, n_fft]
//   i32 n; n × (i32 length, bytes): the words of the vocabulary in order of their ids
//   until the end: i32 n_dims, i32 length, i32 type, n_dims × i32 extents (innermost first),
//     the name, the data
//
// Nothing in it is aligned. Tensors say their own types, so the file's is not looked at.

package import TensorCore
package import Tokenizer

/// A mapped model file whose every size was compared with what the file has.
package struct SpeechFile: Sendable {
  package let path: String
  package let hyperparameters: SpeechHyperparameters
  /// Weights of the spectrum's bands, `[bands, bins]`.
  package let filters: [Float]
  /// The bytes of each word, by id.
  package let words: StringTable
  /// By name.
  package let tensors: [String: GGUFTensor]

  private static let magic = 0x6767_6D6C
  /// Bytes of a word, and of a tensor's name, at most.
  private static let longestName = 1_024

  /// - Throws: `FileError` or `ModelError`, one line that names the file.
  package init(path: String) throws {
    let file = try MappedFile(path: path)
    var reader = SpeechFileReader(file)
    guard try reader.integer("its first word") == Self.magic else {
      throw ModelError(
        .unsupported,
        "\(path): is no speech model: it does not begin as whisper.cpp's files (ggml-*.bin) do")
    }
    var numbers: [Int] = []
    for _ in 0..<SpeechHyperparameters.count { numbers.append(try reader.integer("its head")) }
    _ = try reader.integer("its head")
    self.path = path
    hyperparameters = try SpeechHyperparameters(numbers, path: path)
    filters = try Self.filters(&reader, bandCount: hyperparameters.bandCount)
    words = try Self.words(&reader, most: hyperparameters.vocabularyCount)
    tensors = try Self.tensors(&reader)
  }

  private static func filters(
    _ reader: inout SpeechFileReader, bandCount: Int
  ) throws(ModelError) -> [Float] {
    let (bands, bins) = (
      try reader.integer("its filters"), try reader.integer("its filters")
    )
    guard bands == bandCount, bins == SpectralTransform.binCount else {
      throw ModelError(
        .wrongShape,
        "\(reader.path): the filters have the shape [\(bins), \(bands)], expected "
          + "[\(SpectralTransform.binCount), \(bandCount)]")
    }
    let filters = try reader.floats(bands * bins, "its filters")
    guard filters.allSatisfy({ $0.isFinite }) else {
      throw ModelError(.badMetadata, "\(reader.path): a filter is not a finite number")
    }
    return filters
  }

  private static func words(
    _ reader: inout SpeechFileReader, most: Int
  ) throws(ModelError) -> StringTable {
    let count = try reader.integer("its vocabulary")
    guard (1...most).contains(count) else {
      throw ModelError(
        .badMetadata, "\(reader.path): has \(count) words, expected 1 to n_vocab \(most)")
    }
    var words = StringTable()
    for index in 0..<count {
      let length = try reader.integer("its vocabulary")
      guard (0...longestName).contains(length) else {
        throw ModelError(
          .badMetadata,
          "\(reader.path): word \(index) has \(length) bytes, expected 0 to \(longestName)")
      }
      words.append(try reader.bytes(length, "its vocabulary"))
    }
    return words
  }

  private static func tensors(
    _ reader: inout SpeechFileReader
  ) throws(ModelError) -> [String: GGUFTensor] {
    var tensors: [String: GGUFTensor] = [:]
    while !reader.isAtEnd {
      let rank = try reader.integer("a tensor's head")
      let nameLength = try reader.integer("a tensor's head")
      let type = try reader.integer("a tensor's head")
      guard (1...4).contains(rank), (1...longestName).contains(nameLength) else {
        throw ModelError(
          .badMetadata,
          "\(reader.path): tensor \(tensors.count) has \(rank) extents and a name of \(nameLength) "
            + "bytes: the file is damaged")
      }
      var shape: [Int] = []
      for _ in 0..<rank { shape.append(try reader.integer("a tensor's head")) }
      let name = String(
        decoding: try reader.bytes(nameLength, "a tensor's name"), as: UTF8.self)
      let tensor = try reader.tensor(name, shape: shape, type: type)
      guard tensors.updateValue(tensor, forKey: name) == nil else {
        throw ModelError(
          .badMetadata, "\(reader.path): holds the tensor \(GGUFError.quoted(name)) twice")
      }
    }
    return tensors
  }
}
