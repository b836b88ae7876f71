// apus meter profile: what is kept of a request, and for what.

import ArgumentParser
import JSON
import Metering

struct MeterProfile: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile", abstract: "Show what is kept of each request, column by column.",
    discussion: """
      A server keeps what its setting 'metadata-profile' says: 'standard', 'core', 'entrim' or \
      'ut'. A column that the profile does not name is not there; one that it no longer names is \
      taken away with what was in it when the server starts.
      """)
  @Argument(help: "A profile; by default the one that holds.") var profile: MetadataProfile?
  @OptionGroup var output: MeterOutput

  func run() throws {
    let profile = try profile ?? Keys.withStore { $0.profile }
    output.show(
      profile.fields.map { field in
        [
          "column": .string(field.rawValue), "profile": .string(profile.rawValue),
          "for": .array(
            Purpose.allCases.filter(field.purposes.contains).map { .string($0.rawValue) }),
        ]
      }, ifNone: "")
  }
}

extension MetadataProfile: ExpressibleByArgument {}
