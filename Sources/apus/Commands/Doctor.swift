// apus doctor: what this machine offers and what of it is used.

import ArgumentParser
import COpenSSL
import JSON
import Metering
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what this machine offers and what of it is used.",
    subcommands: [DoctorMachine.self, DoctorPrivacy.self], defaultSubcommand: DoctorMachine.self)
}

struct DoctorMachine: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "machine",
    abstract: "Show processor, instruction set, threads, memory and libraries.",
    discussion: "Include this in a report of a problem; it holds nothing personal but paths.")

  @Flag(help: "Print a JSON object.")
  var json = false

  func run() throws {
    // OpenBLAS is asked for its version alone, and needs no threads for that.
    setenv("OPENBLAS_NUM_THREADS", "1", 0)
    let threads = Processor.usableThreads
    let folder = try ModelFolder()
    let pulled = try Catalogue.load(folder: folder).entries.filter { folder.holds($0) }.map(\.name)
    let facts: [(key: String, title: String, value: JSONValue)] = [
      ("version", "apus", .string(Apus.version)),
      ("processor", "processor", .string(Processor.name)),
      ("instruction_set", "instruction set", .string(InstructionSet.current.rawValue)),
      ("instruction_set_reason", "  because", .string(instructionSetReason)),
      ("threads", "threads", .integer(Int64(threads.count))),
      ("threads_reason", "  because", .string(threads.reason)),
      (
        "memory_bytes", "memory",
        Processor.memoryBytes.map { .integer(Int64($0)) } ?? .null
      ),
      ("openblas", "OpenBLAS", OpenBLAS.version.map { .string($0) } ?? .null),
      ("sqlite", "SQLite", .string(UsageStore.sqliteVersion)),
      ("openssl", "OpenSSL", .string(String(cString: OpenSSL_version(OPENSSL_VERSION)))),
      ("model_folder", "model folder", .string(folder.path)),
      ("models", "models here", .array(pulled.map { .string($0) })),
      ("data_folder", "data folder", .string(try Keys.folder())),
    ]
    if json {
      var document = JSONObject()
      for fact in facts { document[fact.key] = fact.value }
      Terminal.writeLine(JSONValue.object(document).serialized(.pretty))
    } else {
      for fact in facts {
        Terminal.writeLine("\(fact.title.padded(to: 16)) \(text(fact.key, fact.value))")
      }
    }
  }

  private var instructionSetReason: String {
    if let problem = InstructionSet.environmentProblem { return problem }
    let best = InstructionSet.detected
    return InstructionSet.current == best
      ? "it is the best that this processor has"
      : "APUS_ISA asks for it; this processor has \(best.rawValue)"
  }

  private func text(_ key: String, _ value: JSONValue) -> String {
    switch value {
    case .integer(let number) where key.hasSuffix("_bytes"): byteText(Int(number))
    case .integer(let number): "\(number)"
    case .string(let text): text
    case .array(let names) where names.isEmpty: "none; 'apus pull' fetches the default one"
    case .array(let names): names.compactMap(\.stringValue).joined(separator: ", ")
    default: "not there"
    }
  }
}
