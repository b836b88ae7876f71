// The tables of the central ledger, and how a batch of events goes into one statement.

#if PostgreSQL
  extension PostgreSQLLedger {
    /// The billing core of an event and, where the node keeps it, how it ended; nothing that describes
    /// a person. Amounts are pico-euro.
    static let schema = """
      CREATE TABLE IF NOT EXISTS event (
        request_id uuid PRIMARY KEY,
        started_ms bigint NOT NULL,
        settled_ms bigint NOT NULL,
        account text NOT NULL CHECK (length(account) <= 64),
        key text NOT NULL CHECK (length(key) <= 8),
        model text NOT NULL CHECK (length(model) <= 64),
        kind smallint NOT NULL,
        status smallint,
        in_tok bigint NOT NULL CHECK (in_tok >= 0),
        cached_tok bigint NOT NULL CHECK (cached_tok BETWEEN 0 AND in_tok),
        out_tok bigint NOT NULL CHECK (out_tok >= 0),
        reason_tok bigint NOT NULL CHECK (reason_tok BETWEEN 0 AND out_tok),
        audio_ms bigint NOT NULL CHECK (audio_ms >= 0),
        price_id bigint NOT NULL,
        cost_p bigint NOT NULL CHECK (cost_p >= 0),
        billable boolean NOT NULL CHECK (billable OR cost_p = 0),
        node text NOT NULL CHECK (length(node) BETWEEN 1 AND 64),
        recorded_at timestamptz NOT NULL
      ) PARTITION BY RANGE (request_id);
      CREATE TABLE IF NOT EXISTS closing (
        month text PRIMARY KEY CHECK (length(month) = 7),
        closed_at timestamptz NOT NULL
      );
      CREATE OR REPLACE VIEW usage_by_month AS
        SELECT account, model, node, price_id,
          to_char(to_timestamp(settled_ms / 1000) AT TIME ZONE 'UTC', 'YYYY-MM') AS month,
          coalesce(recorded_at > closed_at, false) AS is_late, count(*) AS requests,
          sum(in_tok) AS in_tok, sum(cached_tok) AS cached_tok, sum(out_tok) AS out_tok,
          sum(reason_tok) AS reason_tok, sum(audio_ms) AS audio_ms, sum(cost_p) AS cost_p
        FROM event LEFT JOIN closing
          ON month = to_char(to_timestamp(settled_ms / 1000) AT TIME ZONE 'UTC', 'YYYY-MM')
        WHERE billable GROUP BY 1, 2, 3, 4, 5, 6;
      """

    /// A whole batch, a column an array; the node is the last parameter.
    static let insert = """
      INSERT INTO event
      SELECT *, $17, clock_timestamp() FROM unnest(
        $1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[],
        $7::smallint[], $8::smallint[], $9::bigint[], $10::bigint[], $11::bigint[],
        $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::boolean[])
      ON CONFLICT (request_id) DO NOTHING
      """

    /// The arrays that ``insert`` takes.
    static func columns(_ events: [CentralEvent]) -> [String] {
      func numbers(_ value: (UsageRow) -> Int64?) -> String {
        "{" + events.map { value($0.row).map { "\($0)" } ?? "NULL" }.joined(separator: ",") + "}"
      }
      func texts(_ value: (CentralEvent) -> String) -> String {
        arrayLiteral(events.map(value))
      }
      return [
        texts { $0.row.requestID.description }, numbers(\.startedMilliseconds),
        numbers(\.settledMilliseconds), texts(\.account), texts(\.key), texts(\.model),
        numbers(\.kind.rawValue), numbers(\.status?.rawValue), numbers(\.usage.promptTokens),
        numbers(\.usage.cachedPromptTokens), numbers(\.usage.completionTokens),
        numbers(\.usage.reasoningTokens), numbers(\.usage.audioMilliseconds),
        numbers(\.price.rawValue), numbers(\.cost.rawValue),
        texts { $0.row.isBillable ? "t" : "f" },
      ]
    }
  }
#endif
