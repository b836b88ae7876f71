// The eleventh step of `meter.db`: which incident has stopped an account, and what it was before, so that
// the end of an incident gives back what that incident has taken, and nothing else.

extension Schema {
  /// Of accounts that incidents have stopped.
  static let suspension = """
    ALTER TABLE account ADD COLUMN suspended_by INTEGER;
    ALTER TABLE incident ADD COLUMN account_state INTEGER;
    UPDATE account SET suspended_by = (
      SELECT max(id) FROM incident
      WHERE account_id = account.id AND measure = 1 AND ended_ms IS NULL)
    WHERE state = \(AccountState.suspended.rawValue);
    """
}
