// Top-n-sigma sampling (Tang et al. 2024).

/// The least logit that is at most `sigmas` standard deviations of all finite logits below the
/// greatest; minus infinity where `sigmas` is not above 0.
func topNSigmaBound(_ logits: [Float], _ sigmas: Float) -> Float {
  guard sigmas > 0 else { return -.infinity }
  var count = 0
  var sum = 0.0
  var greatest = -Float.infinity
  for logit in logits where logit.isFinite {
    count += 1
    sum += Double(logit)
    greatest = max(greatest, logit)
  }
  if count < 2 { return -.infinity }
  let mean = sum / Double(count)
  var squares = 0.0
  for logit in logits where logit.isFinite {
    squares += (Double(logit) - mean) * (Double(logit) - mean)
  }
  return greatest - sigmas * Float((squares / Double(count)).squareRoot())
}
