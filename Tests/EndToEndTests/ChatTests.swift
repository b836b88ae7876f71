// Answers of the real models on the command line.

import Foundation
import JSON
import TestSupport
import Testing

@Suite(.enabled(if: RealModel.arePresent, RealModel.absence))
struct ChatTests {
  @Test func `the same seed gives the same answer`() async throws {
    func answer(_ seed: String) async throws -> JSONValue {
      let outcome = try await Program.apus(
        "run", RealModel.smol.name, "-p", "Name a bird.", "-n", "12", "--seed", seed, "--json")
      #expect(outcome.status == 0, "\(outcome.errors)")
      return try JSONValue.parse(outcome.text)
    }
    let first = try await answer("7")
    #expect(try await answer("7")["text"] == first["text"])
    #expect(first["completion_tokens"]?.intValue ?? 99 <= 12)
    #expect(first["prompt_tokens"]?.intValue ?? 0 > 10)
  }

  @Test func `raw continues a text`() async throws {
    let outcome = try await Program.apus(
      "run", RealModel.gemma.name, "--raw", "-p", "1, 2, 3, 4, 5, 6,", "-n", "6",
      "--temp", "0")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.text.contains(" 7, 8"))
  }

  @Test func `a stop text ends the answer and is no part of it`() async throws {
    let arguments = [
      "run", RealModel.smol.name, "--raw", "-p", "1, 2, 3, 4, 5, 6,", "-n", "24", "--temp", "0",
    ]
    let whole = try await Program.apus(arguments).text
    let stop = try #require(whole.contains("9") ? "9" : nil, "\(whole)")
    let cut = try await Program.apus(arguments + ["--stop", stop]).text
    #expect(!cut.contains(stop))
    #expect(whole.hasPrefix(cut.dropLast()))
  }

  @Test func `a base model refuses to chat and says what to do`() async throws {
    for arguments in [["chat"], ["run", "-p", "Hello"]] {
      for model in [RealModel.gemma.name, ProjectFixtures.root + "/architectures/llama.gguf"] {
        let outcome = try await Program.apus([arguments[0], model] + arguments.dropFirst())
        #expect(outcome.status == 1)
        #expect(outcome.errorLines.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains("--chat-template"))
        // The command works as it stands there.
        #expect(outcome.errors.contains("'apus run \(model) --raw"))
      }
    }
  }

  @Test func `a built-in template lets a base model chat`() async throws {
    let outcome = try await Program.apus(
      "run", RealModel.gemma.name, "--chat-template", "gemma", "-p", "Hello", "-n", "4")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(!outcome.text.isEmpty)
  }

  @Test func `a chat answers line after line and obeys commands`() async throws {
    let outcome = try await Program.apus(
      "chat", RealModel.smol.name, "-n", "5", "--temp", "0",
      input: "Hello.\n/stats\n/reset\nHello.\n/nonsense\n/exit\nnever read\n")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let answers = outcome.text.split(separator: "\n")
    #expect(answers.first == answers.last)
    #expect(outcome.errors.contains("tokens read"))
    #expect(outcome.errors.contains("/nonsense is no command"))
  }
}
