"""What the drivers print of a measurement, in the words of `llama-bench`. Needs no package."""


def entry(prompt, generated, depth, threads, samples_ns):
    """One measurement of `prompt` or `generated` tokens: its times and rates."""
    rates = [(prompt or generated) * 1e9 / sample for sample in samples_ns]
    return {
        "n_prompt": prompt, "n_gen": generated, "n_depth": depth, "n_threads": threads,
        "samples_ns": samples_ns, "samples_ts": rates, "avg_ts": sum(rates) / len(rates)}
