// From a caller to a lease, the same for everything that is counted.

import Metering

extension Exchange {
  /// On whose behalf an engine works. Keys of an account share what is remembered of prompts;
  /// accounts never do.
  var owner: String { principal.account.cacheOwner }

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
