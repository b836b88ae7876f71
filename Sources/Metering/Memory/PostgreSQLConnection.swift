// libpq as this module needs it: statements with text parameters, and rows of text.

#if PostgreSQL
  import CPQ

  /// One connection; its owner sees to it that one thread uses it at a time.
  final class PostgreSQLConnection: @unchecked Sendable {
    /// What a statement gave.
    struct Rows {
      /// How many rows it gave.
      let count: Int
      /// How many rows it changed.
      let changedCount: Int
      fileprivate let values: [[String]]

      /// A value; empty for NULL.
      subscript(row: Int, column: Int) -> String { values[row][column] }
    }

    private let connection: OpaquePointer?

    /// Connects.
    ///
    /// - Parameter settings: a connection string or URI of libpq. It is in no error.
    init(_ settings: String) throws(CentralLedgerError) {
      connection = PQconnectdb(settings)
      guard PQstatus(connection) == CONNECTION_OK else {
        // `deinit` follows: all properties have their values.
        throw CentralLedgerError(
          "cannot connect to the central ledger: \(Self.firstLine(PQerrorMessage(connection)))")
      }
      // What the ledger took must be on its disk, whatever the server's default is.
      try run("SET synchronous_commit = on; SET client_min_messages = warning")
    }

    deinit { PQfinish(connection) }

    /// Runs a statement; without parameters it may be several, with `;` between them.
    @discardableResult
    func run(_ sql: String, _ parameters: [String] = []) throws(CentralLedgerError) -> Rows {
      let result: OpaquePointer?
      if parameters.isEmpty {
        result = PQexec(connection, sql)
      } else {
        let texts = parameters.map { Array($0.utf8CString) }
        result = Self.withPointers(to: texts[...], []) { pointers in
          PQexecParams(connection, sql, Int32(pointers.count), nil, pointers, nil, nil, 0)
        }
      }
      defer { PQclear(result) }
      let status = PQresultStatus(result)
      guard status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK else {
        throw CentralLedgerError(
          "the central ledger refuses: \(Self.firstLine(PQerrorMessage(connection)))")
      }
      let values = (0..<PQntuples(result)).map { row in
        (0..<PQnfields(result)).map { String(cString: PQgetvalue(result, row, $0)) }
      }
      return Rows(
        count: values.count, changedCount: Int(String(cString: PQcmdTuples(result))) ?? 0,
        values: values)
    }

    private static func withPointers<Result>(
      to texts: ArraySlice<[CChar]>, _ pointers: [UnsafePointer<CChar>?],
      _ body: ([UnsafePointer<CChar>?]) -> Result
    ) -> Result {
      guard let first = texts.first else { return body(pointers) }
      return first.withUnsafeBufferPointer {
        withPointers(to: texts.dropFirst(), pointers + [$0.baseAddress], body)
      }
    }

    /// The rest of a message may quote a statement's values.
    private static func firstLine(_ message: UnsafePointer<CChar>?) -> String {
      let text = message.map { String(cString: $0) } ?? ""
      return text.split(separator: "\n").first.map(String.init) ?? "no reason was given"
    }
  }
#endif
