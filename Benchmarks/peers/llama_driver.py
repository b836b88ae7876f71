"""Drives llama.cpp through the low-level interface of `llama-cpp-python`.

A program of its own, run by the Python that has the package, so that each measurement has a
process to itself:

    python llama_driver.py bench MODEL --prompt 512 --generate 128 --threads 2
    python llama_driver.py first-token MODEL
    python llama_driver.py logits MODEL --output FILE         a JSON list of ids on standard input
    python llama_driver.py tokenize MODEL [--special]        JSON strings on standard input

The parameters are those of llama.cpp's own `llama-bench`: `n_batch` 2048, `n_ubatch` 512, an F16
cache, a context just large enough, flash attention where llama.cpp chooses it, a mapped file,
weights repacked for the processor.
"""

import argparse
import ctypes
import json
import pathlib
import random
import resource
import sys
import time

import llama_cpp as llama

# A program that is run by itself knows its own folder only.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from peers import driver_results  # noqa: E402

FLASH_ATTENTION = {"auto": -1, "off": 0, "on": 1}


def keep_quiet():
    """Drops llama.cpp's log. The callback has to live as long as the library."""
    @llama.llama_log_callback
    def drop(level, text, user_data):
        pass
    llama.llama_log_set(drop, ctypes.c_void_p(0))
    return drop


class Model:
    """A loaded file and the contexts made for it."""

    def __init__(self, path, vocabulary_only=False):
        parameters = llama.llama_model_default_params()
        parameters.vocab_only = vocabulary_only
        self.handle = llama.llama_model_load_from_file(path.encode(), parameters)
        if not self.handle:
            sys.exit(f"{path}: llama.cpp cannot load this file")
        self.vocabulary = llama.llama_model_get_vocab(self.handle)
        self.vocabulary_size = llama.llama_vocab_n_tokens(self.vocabulary)

    def context(self, length, threads, flash_attention="auto", sequences=1):
        parameters = llama.llama_context_default_params()
        parameters.n_ctx = length * sequences
        parameters.n_seq_max = sequences
        parameters.n_batch = 2048
        parameters.n_ubatch = 512
        parameters.n_threads = threads
        parameters.n_threads_batch = threads
        parameters.flash_attn_type = FLASH_ATTENTION[flash_attention]
        handle = llama.llama_init_from_model(self.handle, parameters)
        if not handle:
            sys.exit(f"llama.cpp cannot make a context of {length} tokens")
        return handle

    def tokenize(self, text, special, ends=True):
        """Ids of `text`, special tokens in it parsed or not; `ends` puts what the model's metadata
        asks for at its beginning and end."""
        data = text.encode()
        room = len(data) + 16
        while True:
            ids = (llama.llama_token * room)()
            count = llama.llama_tokenize(
                self.vocabulary, data, len(data), ids, room, ends, special)
            if count >= 0:
                return ids[:count]
            room = -count


def decode(context, tokens):
    """One call of `llama_decode`; logits are computed for the last token only."""
    array = (llama.llama_token * len(tokens))(*tokens)
    status = llama.llama_decode(context, llama.llama_batch_get_one(array, len(tokens)))
    if status != 0:
        sys.exit(f"llama_decode failed with status {status}")


def bench(arguments):
    """Prefill and decode, each in a context of its own after a warm-up, as `llama-bench` does."""
    baseline = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter_ns()
    model = Model(arguments.model)
    load_ns = time.perf_counter_ns() - start
    chance = random.Random(1)
    results = []

    def tokens(count):
        return [chance.randrange(model.vocabulary_size) for _ in range(count)]

    def opening(count):
        ids = tokens(count)
        if llama.llama_vocab_get_add_bos(model.vocabulary):
            ids[0] = llama.llama_vocab_bos(model.vocabulary)
        return ids

    def prefill(context, ids):
        for start in range(0, len(ids), 2048):
            decode(context, ids[start:start + 2048])
        llama.llama_synchronize(context)

    def generate(context, ids):
        for token in ids:
            decode(context, [token])
            llama.llama_synchronize(context)

    def measure(prompt_count, generated_count, work):
        depth = arguments.depth
        context = model.context(
            depth + max(prompt_count, generated_count), arguments.threads,
            arguments.flash_attention)
        memory = llama.llama_get_memory(context)
        samples = []
        count = prompt_count or generated_count
        if prompt_count:
            work(context, opening(prompt_count))
        else:
            work(context, opening(1))
        for _ in range(arguments.repetitions):
            llama.llama_memory_clear(memory, False)
            if depth:
                prefill(context, opening(depth))
            ids = opening(count)
            start = time.perf_counter_ns()
            work(context, ids)
            samples.append(time.perf_counter_ns() - start)
        llama.llama_free(context)
        results.append(driver_results.entry(
            prompt_count, generated_count, depth, arguments.threads, samples))

    if arguments.prompt:
        measure(arguments.prompt, 0, prefill)
    if arguments.generate:
        measure(0, arguments.generate, generate)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({
        "results": results, "load_ns": load_ns,
        "peak_kib": peak, "python_kib": baseline,
        "system": llama.llama_print_system_info().decode().strip(),
        "version": llama.__version__}))


def batch(arguments):
    """Decode of several sequences at once: one token of each in every call, as
    `llama-batched-bench` does."""
    model = Model(arguments.model)
    count, steps, prompt = arguments.sequences, arguments.generate, arguments.prompt
    chance = random.Random(1)
    context = model.context(
        prompt + steps + 32, arguments.threads, arguments.flash_attention, sequences=count)
    batch = llama.llama_batch_init(max(count, prompt), 0, 1)

    def evaluate(rows):
        batch.n_tokens = len(rows)
        for index, (sequence, position, wanted) in enumerate(rows):
            batch.token[index] = chance.randrange(model.vocabulary_size)
            batch.pos[index] = position
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = sequence
            batch.logits[index] = wanted
        status = llama.llama_decode(context, batch)
        if status != 0:
            sys.exit(f"llama_decode failed with status {status}")

    for sequence in range(count):
        evaluate([(sequence, position, position == prompt - 1) for position in range(prompt)])
    llama.llama_synchronize(context)
    start = time.perf_counter_ns()
    for step in range(steps):
        evaluate([(sequence, prompt + step, True) for sequence in range(count)])
        llama.llama_synchronize(context)
    seconds = (time.perf_counter_ns() - start) / 1e9
    print(json.dumps({"speed_tg": count * steps / seconds}))


def first_token(arguments):
    """Time from the start of loading to the logits after a prompt of one token."""
    start = time.perf_counter_ns()
    model = Model(arguments.model)
    context = model.context(512, arguments.threads)
    decode(context, [0])
    llama.llama_synchronize(context)
    print(json.dumps({"first_token_ns": time.perf_counter_ns() - start}))


def logits(arguments):
    """Raw float32 logits of every position of a list of ids: the prompt's in batches of 512, as
    many as `--prompt` says, and the rest one at a time, for llama.cpp's results depend on it."""
    model = Model(arguments.model)
    ids = json.load(sys.stdin)
    context = model.context(max(512, len(ids)), arguments.threads, arguments.flash_attention)
    with open(arguments.output, "wb") as file:
        start = 0
        while start < len(ids):
            if start < arguments.prompt:
                part = ids[start:min(start + 512, arguments.prompt)]
            else:
                part = ids[start:start + 1]
            batch = llama.llama_batch_init(len(part), 0, 1)
            batch.n_tokens = len(part)
            for index, token in enumerate(part):
                batch.token[index] = token
                batch.pos[index] = start + index
                batch.n_seq_id[index] = 1
                batch.seq_id[index][0] = 0
                batch.logits[index] = 1
            status = llama.llama_decode(context, batch)
            if status != 0:
                sys.exit(f"llama_decode failed with status {status}")
            size = len(part) * model.vocabulary_size * 4
            file.write(ctypes.string_at(llama.llama_get_logits(context), size))
            llama.llama_batch_free(batch)
            start += len(part)


def tokenize(arguments):
    """One JSON string a line in, one JSON array of ids a line out."""
    model = Model(arguments.model, vocabulary_only=True)
    for line in sys.stdin:
        ids = model.tokenize(json.loads(line), arguments.special)
        sys.stdout.write(json.dumps(ids, separators=(",", ":")) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name, work):
        added = commands.add_parser(name, help=work.__doc__.splitlines()[0])
        added.add_argument("model")
        added.add_argument("--threads", type=int, default=2)
        added.add_argument("--repetitions", type=int, default=1)
        added.add_argument("--flash-attention", choices=FLASH_ATTENTION, default="auto")
        added.set_defaults(work=work)
        return added

    added = command("bench", bench)
    added.add_argument("--prompt", type=int, default=512)
    added.add_argument("--generate", type=int, default=128)
    added.add_argument("--depth", type=int, default=0, help="tokens in the cache before the run")
    command("first-token", first_token)
    added = command("batch", batch)
    added.add_argument("--sequences", type=int, default=16)
    added.add_argument("--prompt", type=int, default=32)
    added.add_argument("--generate", type=int, default=64)
    added = command("logits", logits)
    added.add_argument("--output", required=True)
    added.add_argument("--prompt", type=int, default=0)
    command("tokenize", tokenize).add_argument("--special", action="store_true")
    arguments = parser.parse_args()
    quiet = keep_quiet()
    arguments.work(arguments)
    del quiet


if __name__ == "__main__":
    main()
