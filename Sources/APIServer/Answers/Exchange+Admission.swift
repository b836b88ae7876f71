// From a caller to a lease, the same for everything that is counted.

import Metering

extension Exchange {
  /// On whose behalf an engine works. Keys of an account share what is remembered of prompts;
  /// accounts never do.
  var owner: String { principal.account.cacheOwner }

  /// The model that a request names, as `asked` takes it.
  func model(named name: String) throws -> ModelEntry { try asked(backend.model(named: name)) }

  /// Takes a model that the request asks, and notes it. One that the key may not use is not there
  /// for it, and no header tells of it.
  ///
  /// Whoever is over a limit does not make us read a long prompt first.
  ///
  /// - Throws: `MeterError`: 404 where the key may not use the model, 429 where a limit refuses.
  func asked(_ model: ModelEntry) throws(MeterError) -> ModelEntry {
    let meter = backend.meter
    let allowed = meter?.record(of: principal)?.models ?? []
    guard allowed.isEmpty || allowed.contains(model.recordID) else { throw .modelNotFound }
    let retirement = meter?.retirement(of: model.recordID)
    withNotes { notes in
      notes.model = model.recordID
      notes.retirement = retirement
    }
    try meter?.look(principal, model: model.recordID)
    return model
  }

  /// Takes a request that asks for a count from the limits on requests: a long prompt is work too.
  ///
  /// - Throws: `MeterError`: 429 where a limit refuses.
  func takeCount(of model: ModelID) throws(MeterError) {
    try backend.meter?.take(principal, model: model)
  }

  /// Admits a request and notes its number and limits; nil where nothing is counted.
  func admit(_ request: AdmissionRequest) throws(MeterError) -> LeaseHolder? {
    guard let meter = backend.meter else { return nil }
    var request = request
    request.client = client
    let lease = try meter.admit(principal, request)
    let (id, rate) = (lease.requestID, lease.rate)
    withNotes { notes in
      notes.requestID = id
      notes.rate = rate
    }
    return LeaseHolder(lease)
  }
}
