// Several nodes and one PostgreSQL: what scripts/check-postgresql runs.
//
//   PostgreSQLCheck check CONNECTION FOLDER        all checks; FOLDER is empty
//   PostgreSQLCheck node CONNECTION FOLDER NAME    a node that serves and brings its events, for ever
//   PostgreSQLCheck flush CONNECTION FOLDER NAME   a node that brings what is left, and ends

import Foundation
import Metering

#if PostgreSQL
  let arguments = CommandLine.arguments
  switch arguments.count >= 4 ? arguments[1] : "" {
  case "check": try await MultiNodeCheck(connection: arguments[2], folder: arguments[3]).run()
  case "node": try await Node(arguments).serve()
  case "flush": try await Node(arguments).flush()
  default: check(false, "usage: PostgreSQLCheck check|node|flush CONNECTION FOLDER [NAME]")
  }
#else
  print("Built without the trait PostgreSQL: there is nothing to check.")
#endif

/// What must hold did not: says so and ends.
func check(_ holds: Bool, _ what: String) {
  guard !holds else { return }
  FileHandle.standardError.write(Data(("FAILED: " + what + "\n").utf8))
  exit(1)
}
