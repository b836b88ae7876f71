// The command line. Each command parses, calls a library and prints; one file per command.

import ArgumentParser

@main
struct Apus: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apus",
    abstract: "Runs GGUF language models on the CPU and serves them.",
    discussion: """
      A MODEL is a name of the catalogue ('apus models' lists them) or the path of a .gguf file.

      First steps:
        apus pull                 fetch the default model
        apus chat                 talk with it
        apus serve                answer programs over HTTP, as OpenAI's API does

      Answers go to standard output, everything else to standard error. The exit code is 0, or 1 \
      after an error, or 64 where the command line is wrong.

      Environment: APUS_MODELS (folder of models), APUS_DATA (folder of keys and usage), \
      APUS_ISA (portable, avx2 or avx512: forces an instruction set), APUS_EXACT=1 (slow reference \
      arithmetic in float32).
      """,
    version: version,
    groupedSubcommands: [
      CommandGroup(
        name: "Use",
        subcommands: [
          Chat.self, Run.self, Embed.self, Transcribe.self, Serve.self, Keys.self, Schema.self,
        ]),
      CommandGroup(
        name: "Models",
        subcommands: [Pull.self, Models.self, Inspect.self, Quantize.self, BenchModel.self]),
      CommandGroup(
        name: "Operate", subcommands: [MeterCommand.self, Verify.self, Promises.self]),
      CommandGroup(
        name: "Measure",
        subcommands: [
          Tokenize.self, Template.self, Logits.self, Perplexity.self, Bench.self, BatchedBench.self,
          BenchKernels.self, Doctor.self, Measure.self,
        ]),
    ])

  /// Parses the command line and runs the command. What was asked for (help, the version) is written as
  /// answers are, so that a full disk is an error.
  static func main() async {
    do {
      if let place = GivenArguments.firstUnreadable {
        throw ValidationError("Argument \(place) is no text in UTF-8.")
      }
      var command = try await asyncParseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let error where exitCode(for: error).isSuccess {
      let text = fullMessage(for: error)
      if !text.isEmpty { Terminal.writeLine(text) }
    } catch {
      exit(withError: error)
    }
  }

  /// The version of this program (semver).
  static let version = "0.1.0"
}
