// What a meter remembers of the requests that run: a slot each, found by number.

/// The requests that run. A slot is used again; its serial number tells one use from the next.
struct LeaseTable: Sendable {
  /// A request that runs.
  struct Entry: Sendable {
    let row: OpenRow
    let principal: Principal
    let startedNanoseconds: Int64
    /// How many answers there are where their client left their length to the model; else nil.
    let answersOfFreeLength: Int64?
    var reservation: Limiter.Reservation
    var spend: SpendReservation?
    /// Where the opening stands; nil until it was written.
    var opening: Opening?
    /// What to wait for until that is on the disk; nil where nobody has asked.
    var openingTicket: GroupWriter<Void>.Ticket?
    var completionTokens: Int64 = 0
    var checkpointTokens: Int64 = 0
    var checkpointNanoseconds: Int64
    var settingsVersion: Int64
  }

  private struct Slot: Sendable {
    var serial: Int64 = 0
    var entry: Entry?
  }

  private var slots: [Slot] = []
  private var free: [Int] = []

  /// How many requests run.
  var count: Int { slots.count - free.count }

  /// When the oldest request began; nil where none runs.
  var oldest: Int64? { slots.compactMap { $0.entry?.startedNanoseconds }.min() }

  /// Takes a slot for a request.
  mutating func insert(_ entry: Entry) -> (slot: Int, serial: Int64) {
    let slot: Int
    if let last = free.popLast() {
      slot = last
    } else {
      slot = slots.count
      slots.append(Slot())
    }
    slots[slot].serial += 1
    slots[slot].entry = entry
    return (slot, slots[slot].serial)
  }

  /// The request of a handle; nil after its end, when setting it does nothing either.
  subscript(handle: LeaseHandle) -> Entry? {
    get { slots[handle.slot].serial == handle.serial ? slots[handle.slot].entry : nil }
    set {
      guard let newValue, self[handle] != nil else { return }
      slots[handle.slot].entry = newValue
    }
  }

  /// Frees the slot of a request and gives what was in it, nil after the request's end.
  mutating func remove(_ handle: LeaseHandle) -> Entry? {
    guard let entry = self[handle] else { return nil }
    slots[handle.slot].entry = nil
    free.append(handle.slot)
    return entry
  }
}
