// Where an answer stands in its constraint.

import Constraints

/// A function of the tokens of the answer so far, and a value: copies go different ways.
package struct ConstraintState: Sendable, Equatable {
  /// What remains to be read.
  var term: Term
  /// Before a trigger: how many bytes of each trigger stand at the end of the text. Nil after it.
  var waiting: [Int]?
}
