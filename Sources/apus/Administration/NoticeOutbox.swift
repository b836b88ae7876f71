// Notices on their way out: one after another, each taken by one process at a time.

import Foundation
import JSON
import Metering
import Transformer

/// Sends what is due.
enum NoticeOutbox {
  /// What was tried.
  struct Attempt {
    let delivery: NoticeDelivery
    let succeeded: Bool
  }

  /// How often a server looks for what is due.
  static let interval = Duration.seconds(5)

  /// Tries every delivery that is due, once; once there is hurry, none more.
  static func sendDue(_ store: UsageStore, hurry: Hurry = Hurry()) throws -> [Attempt] {
    var attempts: [Attempt] = []
    while !hurry.isTold, let delivery = try store.claimDelivery() {
      // As they are now: an address or a secret may have been taken back since the last one.
      let sender = NoticeSender(try store.channels(), hurry: hurry)
      let succeeded = (try? sender.send(delivery)) ?? false
      try store.noteDelivery(delivery, succeeded: succeeded)
      attempts.append(Attempt(delivery: delivery, succeeded: succeeded))
    }
    return attempts
  }

  /// Sends while a server runs, and closes accounts whose end has come. What fails is tried again,
  /// also where the disk refused. Ends soon after its task is cancelled.
  static func run(_ store: UsageStore) async {
    let hurry = Hurry()
    await withTaskCancellationHandler {
      while !Task.isCancelled {
        try? await onOwnThread {
          _ = try sendDue(store, hurry: hurry)
          _ = try store.closeEnded()
        }
        try? await Task.sleep(for: interval)
      }
    } onCancel: {
      hurry.tell()
    }
  }
}
