// The later steps of the files of events: sums by kind of work, which the writer keeps itself, and open
// requests in a file of their own.

extension Schema {
  /// Rollups that know the kind. They are made anew out of the events, which are all there; a
  /// trigger no longer adds each row, because the writer adds a whole batch at once.
  static let kindsOfUsage = """
    DROP TRIGGER event_is_rolled_up;
    DROP TABLE rollup_hour;
    CREATE TABLE rollup_hour (
      hour INTEGER NOT NULL,
      account_id INTEGER NOT NULL,
      key_id INTEGER NOT NULL,
      model_id INTEGER NOT NULL,
      price_id INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      billable INTEGER NOT NULL,
      requests INTEGER NOT NULL,
      in_tok INTEGER NOT NULL,
      cached_tok INTEGER NOT NULL,
      out_tok INTEGER NOT NULL,
      reason_tok INTEGER NOT NULL,
      audio_ms INTEGER NOT NULL,
      cost_p INTEGER NOT NULL,
      PRIMARY KEY (hour, account_id, key_id, model_id, price_id, kind, billable)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO rollup_hour
      SELECT settled_ms / 3600000, account_id, key_id, model_id, price_id, kind, billable, count(*),
        sum(in_tok), sum(cached_tok), sum(out_tok), sum(reason_tok), sum(audio_ms), sum(cost_p)
      FROM event GROUP BY 1, 2, 3, 4, 5, 6, 7;
    """

  /// Open requests stand in a file of their own (``OpeningFile``). Those that a crash left here ended with
  /// it and are charged to nobody; when it was is not known better than when they began.
  static let openingsApart = """
    INSERT INTO event (request_id, started_ms, settled_ms, account_id, key_id, model_id, kind, in_tok,
        cached_tok, out_tok, reason_tok, audio_ms, price_id, cost_p, billable)
      SELECT request_id, started_ms, started_ms, account_id, key_id, model_id, kind, in_tok, 0,
        out_ckpt, 0, 0, price_id, 0, 0
      FROM open_request WHERE true ON CONFLICT (request_id) DO NOTHING;
    DROP TABLE open_request;
    DELETE FROM rollup_hour;
    INSERT INTO rollup_hour
      SELECT settled_ms / 3600000, account_id, key_id, model_id, price_id, kind, billable, count(*),
        sum(in_tok), sum(cached_tok), sum(out_tok), sum(reason_tok), sum(audio_ms), sum(cost_p)
      FROM event GROUP BY 1, 2, 3, 4, 5, 6, 7;
    """
}
