"""How far logits are from the exact ones of the golden files."""

import numpy

# Log-probabilities of the golden files are rounded to six decimals, so a sum of probabilities is
# known to half a millionth.
ROUNDING = 5e-7


def log_softmax(logits):
    """Natural log-probabilities of rows of logits, in float64."""
    rows = numpy.asarray(logits, dtype=numpy.float64)
    rows = rows - rows.max(axis=-1, keepdims=True)
    return rows - numpy.log(numpy.exp(rows).sum(axis=-1, keepdims=True))


def top20_divergence(exact, logprobs):
    """Kullback-Leibler divergence over the exact top twenty and one bucket for the rest, in nats.

    `exact` and `logprobs` are log-probabilities of the same twenty tokens. Each outcome counts as
    p log(p/q) - p + q, which is never negative and adds up to the same sum. The golden file rounds
    to six decimals, so a rest that is not above that rounding is unknown and counts nothing.
    """
    p, q = numpy.exp(exact), numpy.exp(logprobs)
    total = float((p * (exact - logprobs) - p + q).sum())
    rest_p, rest_q = 1 - float(p.sum()), 1 - float(q.sum())
    if rest_p > ROUNDING and rest_q > 0:
        total += rest_p * numpy.log(rest_p / rest_q) - rest_p + rest_q
    return total


def full_divergence(exact_logits, logits):
    """Divergence of each row over the whole vocabulary, in nats."""
    exact, other = log_softmax(exact_logits), log_softmax(logits)
    return (numpy.exp(exact) * (exact - other)).sum(axis=-1)


class Score:
    """Adds up what is known of many positions."""

    def __init__(self):
        self.kl20, self.kl, self.agreements = [], [], []
        self.greedy_equal, self.greedy_total = 0, 0
        self.perplexities = {}

    def add(self, prompt, logits, exact_logits=None):
        """`logits` are `[tokens, vocabulary]` for the prompt's ids followed by its exact greedy
        continuation: the rows of the continuation say how many of its tokens greedy decoding would
        have chosen, as each row sees just the exact tokens before it."""
        count = len(prompt["tokens"])
        targets = prompt["tokens"][1:]
        losses = []
        for position in range(count):
            row = log_softmax(logits[position])
            ids = prompt["top_ids"][position]
            exact = numpy.array(prompt["top_logprobs"][position])
            self.kl20.append(top20_divergence(exact, row[ids]))
            self.agreements.append(int(row.argmax()) == ids[0])
            if position < len(targets):
                losses.append(-row[targets[position]])
            if exact_logits is not None:
                self.kl.append(float(full_divergence(exact_logits[position], logits[position])))
        self.perplexities[prompt["name"]] = float(numpy.exp(numpy.mean(losses)))
        equal = 0
        for token, row in zip(prompt["greedy"], logits[count - 1:]):
            if int(numpy.argmax(row)) != token:
                break
            equal += 1
        self.greedy_equal += equal
        self.greedy_total += len(prompt["greedy"])
        return equal

    def summary(self):
        return {
            "positions": len(self.kl20),
            "kl20_mean": float(numpy.mean(self.kl20)), "kl20_max": float(numpy.max(self.kl20)),
            "kl_mean": float(numpy.mean(self.kl)) if self.kl else None,
            "top1_agreement": float(numpy.mean(self.agreements)),
            "greedy_equal_prefix": self.greedy_equal, "greedy_tokens": self.greedy_total,
            "perplexities": self.perplexities}
