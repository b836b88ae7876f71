// apus transcribe: speech to text.

import APIServer
import ArgumentParser
import Audio
import Foundation
import TensorCore
import Transformer

struct Transcribe: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write down what is said in a file of sound.",
    discussion: """
      The model is a Whisper model in a file of whisper.cpp's (ggml-*.bin). Examples:
        apus transcribe ggml-base.bin interview.wav
        apus transcribe ggml-small.bin talk.flac --language de --format srt > talk.srt
        apus transcribe ggml-small.bin talk.flac --translate
      """)

  @Argument(help: "The path of a speech model: ggml-*.bin.")
  var model: String

  @Argument(help: "A file of sound (WAV, FLAC or MP3); - reads standard input.")
  var file: String

  @Option(
    help: ArgumentHelp(
      "The language that is spoken: a code as de or a name as german; by default it is found out.",
      valueName: "xx"))
  var language: String?

  @Flag(help: "Translate into English.")
  var translate = false

  @Option(
    help: ArgumentHelp(
      "A text that could stand before the recording: names, and a spelling to follow.",
      valueName: "text"))
  var prompt: String?

  @Flag(
    help: "Write each half minute without the text before it: what repeats itself ends sooner.")
  var noContext = false

  @Option(help: "text, json, verbose_json, srt or vtt; text is printed as it is written.")
  var format = TranscriptFormat.text

  @Flag(help: "Tell the times of each word too, in verbose_json.")
  var words = false

  @Option(
    help: ArgumentHelp(
      "0 takes the likeliest words, and tries again at higher ones where a text is poor; up to 1.",
      valueName: "t"))
  var temperature: Float = 0

  @Option(
    name: [.short, .long],
    help: "Threads that compute; by default as many as this process may use.")
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads takes a number from 1 to 1024.")
    }
    if words, format != .verboseJSON {
      throw ValidationError("--words has no place but in --format verbose_json.")
    }
    guard (0...1).contains(temperature) else {
      throw ValidationError("--temperature takes a number from 0 to 1.")
    }
  }

  func run() async throws {
    let modelOptions = try modelOptions
    var options = TranscriptionOptions()
    options.language = language
    options.task = translate ? .translate : .transcribe
    options.prompt = prompt
    options.readsEarlierText = !noContext
    options.temperature = temperature
    options.wantsWords = words
    do {
      try await onOwnThread { [options] in try transcribe(modelOptions, options) }
    } catch is CancellationError {
      // As a shell reports a program that Ctrl-C has ended.
      throw ExitCode(130)
    }
  }

  private func transcribe(
    _ modelOptions: ModelOptions, _ options: TranscriptionOptions
  ) throws {
    let loaded = try load(modelOptions)
    let samples = try read()
    // Before, Ctrl-C ends the program as it ends any.
    let stop = CancellationFlag()
    let interrupts = Interrupts { stop.set() }
    defer { withExtendedLifetime(interrupts) {} }
    var isFirst = true
    let result = try loaded.transcribe(samples, options: options) { segment in
      guard format == .text else { return }
      let text = segment.text
      Terminal.write(isFirst ? String(text.drop { $0.isWhitespace }) : text)
      isFirst = false
    } isCancelled: {
      stop.isSet
    }
    Terminal.write(format == .text ? "\n" : format.text(of: result, task: options.task))
  }

  private func load(_ options: ModelOptions) throws -> SpeechModel {
    do { return try SpeechModel.load(model, options: options) } catch let error as FileError
      where error.code == .missing
    {
      throw CommandError(
        .unreadableFile,
        "\(model): no such file; transcribe takes the path of a speech model's file (ggml-*.bin), "
          + "and no name of the catalogue")
    }
  }

  private var modelOptions: ModelOptions {
    get throws {
      if let problem = InstructionSet.environmentProblem {
        throw CommandError(.unusableEnvironment, problem + "; unset it or choose another")
      }
      var options = ModelOptions()
      options.threadCount = threads
      options.exact = ProcessInfo.processInfo.environment["APUS_EXACT"] == "1"
      return options
    }
  }

  private func read() throws -> [Float] {
    let bytes = try InputFile.bytes(file)
    do { return try AudioFile.samples(of: bytes) } catch {
      throw CommandError(.unusableInput, "\(InputFile.name(file)): \(error)")
    }
  }
}
