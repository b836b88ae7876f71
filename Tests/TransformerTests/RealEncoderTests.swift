// A real encoder beside exact embeddings, and llama.cpp's distance from them.

import TestSupport
import Testing
import Tokenizer
import Transformer

@Suite(.enabled(if: Fixtures.isPresent, Fixtures.absence)) struct RealEncoderTests {
  /// What `all-MiniLM-L6-v2.json` says.
  private struct Golden: Decodable {
    struct Sentence: Decodable {
      let text: String
      let ids: [TokenID]
    }

    let sentences: [Sentence]
  }

  /// Tokens of a text that the golden embeddings are of, the last one among them.
  private static let most = 256

  @Test(
    "Embeddings are no farther from exact ones than llama.cpp's", arguments: ["f16", "Q8_0"])
  func distances(format: String) async throws {
    let golden = try Fixtures.json("embeddings/all-MiniLM-L6-v2.json", as: Golden.self)
    var options = ModelOptions()
    options.threadCount = 2
    let engine = try Engine(
      Model.load(Fixtures.root + "/embeddings/all-MiniLM-L6-v2.\(format).gguf", options: options))
    defer { engine.shutdown() }
    let width = engine.model.info.embeddingLength
    func vectors(_ name: String) throws -> [[Float]] {
      let all = try Fixtures.bytes("embeddings/\(name).f32").floats
      return stride(from: 0, to: all.count, by: width).map { Array(all[$0..<$0 + width]) }
    }
    let exact = try vectors("exact256." + format)
    let peer = try vectors("llama_cpp." + format)
    #expect(exact.count == golden.sentences.count && peer.count == exact.count)
    var ours: [Double] = []
    for (sentence, exact) in zip(golden.sentences, exact) {
      let ids = engine.model.tokenizer.encode(
        sentence.text, parsingSpecial: true, addingSpecial: true)
      #expect(ids == sentence.ids)
      let used =
        sentence.ids.count > Self.most
        ? sentence.ids.prefix(Self.most - 1) + sentence.ids.suffix(1) : sentence.ids[...]
      ours.append(distance(try await engine.embed(Array(used)), exact))
    }
    let theirs = zip(peer, exact).map { distance($0, $1) }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    #expect(mean(ours) <= mean(theirs))
    #expect(ours.max()! <= theirs.max()!)
  }

  /// 1 - the cosine of two vectors' angle.
  private func distance(_ x: [Float], _ y: [Float]) -> Double {
    func product(_ x: [Float], _ y: [Float]) -> Double {
      zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    return 1 - product(x, y) / (product(x, x) * product(y, y)).squareRoot()
  }
}
