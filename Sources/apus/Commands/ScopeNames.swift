// How lists and messages call what a limit belongs to.

import Metering

/// How people call what a limit belongs to.
struct ScopeNames {
  private let keys: [KeyID: KeyName]
  private let accounts: [AccountID: ShortName]
  private let models: [ModelID: ShortName]

  init(_ store: UsageStore) throws {
    keys = Dictionary(uniqueKeysWithValues: try store.keys().map { ($0.id, $0.name) })
    accounts = Dictionary(uniqueKeysWithValues: try store.accounts().map { ($0.id, $0.name) })
    models = try store.modelNames()
  }

  subscript(scope: LimitScope) -> String {
    switch scope {
    case .key(let id): "key \(keys[id].map { "\($0)" } ?? "-")"
    case .account(let id): "account \(accounts[id]?.text ?? "-")"
    case .model(let id): "model \(models[id]?.text ?? "-")"
    case .keyAtModel(let key, let model): self[.key(key)] + " at " + self[.model(model)]
    case .accountAtModel(let account, let model):
      self[.account(account)] + " at " + self[.model(model)]
    case .address: "addresses"
    }
  }
}
