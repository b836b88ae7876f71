// Runs tasks on a connection's event loop. Between the loop and a thread of Swift's own pool each request
// changes threads four times, and on an idle machine waking one takes longer than all other work that
// an answer's first token waits for.

import NIOCore

/// Runs jobs on one event loop, behind what it has read.
package final class EventLoopExecutor: TaskExecutor {
  private let loop: any EventLoop

  package init(_ loop: any EventLoop) {
    self.loop = loop
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
