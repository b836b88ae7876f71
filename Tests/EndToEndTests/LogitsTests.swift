// What the program computes: the same bits however it is asked, the same numbers on every path.

import Foundation
import JSON
import TestSupport
import Testing

@Suite struct LogitsTests {
  /// Golden logits are exact; half precision in the cache costs 1e-6 to 2e-6 of their energy.
  static let goldenTolerance = 4e-6

  /// A model and tokens that it is asked about.
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let model: String
    let tokens: [Int]

    init(_ name: String, _ model: String, _ tokens: [Int]) {
      testDescription = name
      self.model = model
      self.tokens = tokens
    }

    static let tiny = ["llama", "llama-yarn", "gemma3"].map { name in
      Case(
        name, ProjectFixtures.root + "/architectures/\(name).gguf",
        (0..<40).map { ($0 * 37 + 5) % 250 })
    }
    static let real = RealModel.all.map { model in
      Case(model.name, model.path, (0..<37).map { $0 * 977 % 49_000 + 3 })
    }
    static let all = tiny + (RealModel.arePresent ? real : [])
  }

  @Test(arguments: Case.all)
  func `stepwise and batched logits are equal bit for bit`(_ asked: Case) async throws {
    let batched = try await logits(asked)
    #expect(try await logits(asked, ["--stepwise"]) == batched)
  }

  @Test(arguments: Case.all)
  func `one thread and two give the same bits`(_ asked: Case) async throws {
    #expect(try await logits(asked, ["-t", "1"]) == logits(asked, ["-t", "2"]))
  }

  @Test(arguments: Case.all)
  func `all instruction sets give the same bits`(_ asked: Case) async throws {
    let expected = try await logits(asked, environment: ["APUS_ISA": "portable"])
    for name in try await instructionSets() {
      #expect(try await logits(asked, environment: ["APUS_ISA": name]) == expected, "\(name)")
    }
  }

  @Test(arguments: ["llama", "llama-linear", "llama-tied-bias", "llama-yarn", "gemma3"])
  func `a tiny model has its golden logits`(_ name: String) async throws {
    let description = try JSONValue.parse(ProjectFixtures.bytes("architectures/\(name).json"))
    let tokens = try #require(description["tokens"]?.arrayValue).compactMap(\.intValue)
    let asked = Case(name, ProjectFixtures.root + "/architectures/\(name).gguf", tokens)
    let golden = floats(Data(try ProjectFixtures.bytes("architectures/\(name).logits.f32")))
    let found = floats(try await logits(asked))
    #expect(found.count == golden.count)
    #expect(meanSquaredError(found, golden) <= Self.goldenTolerance)
    let exact = floats(try await logits(asked, environment: ["APUS_EXACT": "1"]))
    #expect(meanSquaredError(exact, golden) <= 1e-9)
  }

  private func logits(
    _ asked: Case, _ options: [String] = [], environment: [String: String] = [:]
  ) async throws -> Data {
    try await TemporaryFolder.with { folder in
      let file = folder + "/logits.f32"
      let tokens = asked.tokens.map(String.init).joined(separator: ",")
      let outcome = try await Program.apus(
        ["logits", asked.model, "--tokens", tokens, "-o", file] + options,
        environment: environment)
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try Data(contentsOf: URL(fileURLWithPath: file))
    }
  }

  /// The instruction sets that this processor has.
  private func instructionSets() async throws -> [String] {
    var names: [String] = []
    for name in ["avx2", "avx512"] {
      let outcome = try await Program.apus("doctor", "--json", environment: ["APUS_ISA": name])
      if try JSONValue.parse(outcome.text)["instruction_set"] == .string(name) {
        names.append(name)
      }
    }
    return names
  }

  private func floats(_ data: Data) -> [Float] {
    stride(from: 0, to: data.count, by: 4).map { start in
      Float(
        bitPattern: (0..<4).reduce(0) { bits, byte in
          bits | UInt32(data[data.startIndex + start + byte]) << (8 * byte)
        })
    }
  }

  /// Normalised by the energy of `expected`.
  private func meanSquaredError(_ found: [Float], _ expected: [Float]) -> Double {
    var (error, energy) = (0.0, 0.0)
    for (first, second) in zip(found, expected) {
      error += Double(first - second) * Double(first - second)
      energy += Double(second) * Double(second)
    }
    return found.count == expected.count ? error / energy : .infinity
  }
}
