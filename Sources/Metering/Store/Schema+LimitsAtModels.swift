// The fourteenth step of `meter.db`: limits of a key or an account at one model.

extension Schema {
  /// The rules anew, with the model in their key; 0 stands for all models.
  static let limitsAtModels = """
    CREATE TABLE limit_rule_at_models (
      scope_kind INTEGER NOT NULL,
      scope_id INTEGER NOT NULL,
      model_id INTEGER NOT NULL,
      rpm INTEGER, rpm_burst INTEGER,
      itpm INTEGER, itpm_burst INTEGER,
      otpm INTEGER, otpm_burst INTEGER,
      tpm INTEGER, tpm_burst INTEGER,
      parallel INTEGER,
      version INTEGER NOT NULL,
      PRIMARY KEY (scope_kind, scope_id, model_id)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO limit_rule_at_models
      SELECT scope_kind, scope_id, 0, rpm, rpm_burst, itpm, itpm_burst, otpm, otpm_burst, tpm,
        tpm_burst, parallel, version
      FROM limit_rule;
    DROP TABLE limit_rule;
    ALTER TABLE limit_rule_at_models RENAME TO limit_rule;
    """
}
