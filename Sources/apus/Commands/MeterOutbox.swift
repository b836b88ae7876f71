// apus meter outbox: what a node of several has not brought to their ledger yet.

import ArgumentParser
import Foundation
import JSON
import Metering

struct MeterOutbox: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "outbox", abstract: "Show and bring events to the ledger of several nodes.",
    discussion: """
      APUS_POSTGRESQL names the ledger, as libpq reads it (host=db user=apus ...); PGPASSFILE keeps \
      the password. APUS_NODE is this node's name. A running server brings its events each second.
      """,
    subcommands: [Show.self, Push.self])

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Tell how many events were not brought yet.")
    @OptionGroup var output: MeterOutput

    func run() throws {
      let count = try Keys.withStore { try $0.outboxCount() }
      output.show(["events": .integer(Int64(count))])
    }
  }

  struct Push: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Bring what was not brought yet, now.")
    @OptionGroup var output: MeterOutput

    func run() throws {
      guard let outbox = try NodeOutbox(environment: ProcessInfo.processInfo.environment) else {
        throw CommandError(
          .unusableEnvironment, "no ledger of several nodes is named: set APUS_POSTGRESQL")
      }
      let count = try Keys.withStore { try outbox.push($0) }
      output.show(["events": .integer(Int64(count))])
    }
  }
}
