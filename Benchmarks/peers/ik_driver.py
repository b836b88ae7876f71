"""Drives ik_llama.cpp through the low-level interface of `ik-llama-cpp-python`.

    python ik_driver.py bench MODEL --prompt 512 --generate 128 --threads 2 [--repack]
    python ik_driver.py first-token MODEL

Parameters are the library's own defaults but for a context just large enough, as on the other side;
`--repack` interleaves weights as it loads them, which costs loading time and is off by default.
"""

import argparse
import ctypes
import importlib.util
import json
import pathlib
import random
import resource
import sys
import time

# A program that is run by itself knows its own folder only.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from peers import driver_results  # noqa: E402

PACKAGE = pathlib.Path(importlib.util.find_spec("ik_llama_cpp").origin).parent
# The package's library needs this one beside it, where the loader does not look by itself.
ctypes.CDLL(str(PACKAGE / "lib" / "libggml.so"), mode=ctypes.RTLD_GLOBAL)
from ik_llama_cpp import _ctypes_api as ik  # noqa: E402


@ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
def drop(level, text, user_data):
    """Takes ik_llama.cpp's log."""


class Model:
    def __init__(self, path, repack):
        parameters = ik.llama_model_default_params()
        parameters.repack_tensors = repack
        parameters.use_mmap = not repack
        self.handle = ik.llama_model_load_from_file(path.encode(), parameters)
        if not self.handle:
            sys.exit(f"{path}: ik_llama.cpp cannot load this file")
        self.vocabulary_size = ik.llama_vocab_n_tokens(ik.llama_model_get_vocab(self.handle))

    def context(self, length, threads):
        parameters = ik.llama_context_default_params()
        parameters.n_ctx = -(-length // 256) * 256
        parameters.n_batch = 2048
        parameters.n_ubatch = 512
        parameters.n_threads = threads
        parameters.n_threads_batch = threads
        handle = ik.llama_init_from_model(self.handle, parameters)
        if not handle:
            sys.exit(f"ik_llama.cpp cannot make a context of {length} tokens")
        return handle


class Batch:
    """Room for tokens of one sequence."""

    def __init__(self, context):
        self.context = context
        self.batch = ik.llama_batch_init(2048, 0, 1)

    def decode(self, tokens, position):
        """One call; logits are computed, and fetched, for the last token only."""
        batch = self.batch
        batch.n_tokens = len(tokens)
        for index, token in enumerate(tokens):
            batch.token[index] = token
            batch.pos[index] = position + index
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = 0
            batch.logits[index] = index + 1 == len(tokens)
        status = ik.llama_decode(self.context, batch)
        if status != 0:
            sys.exit(f"llama_decode failed with status {status}")
        # Waits for the result.
        ik.llama_get_logits_ith(self.context, len(tokens) - 1)


def bench(arguments):
    baseline = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter_ns()
    model = Model(arguments.model, arguments.repack)
    load_ns = time.perf_counter_ns() - start
    chance = random.Random(1)
    results = []

    def measure(prompt_count, generated_count):
        count = prompt_count or generated_count
        depth = arguments.depth
        context = model.context(depth + count + 1, arguments.threads)
        batch = Batch(context)
        samples = []

        def tokens(number):
            return [chance.randrange(model.vocabulary_size) for _ in range(number)]

        def work(ids, position):
            if prompt_count:
                batch.decode(ids, position)
            else:
                for index, token in enumerate(ids):
                    batch.decode([token], position + index)
        work(tokens(count if prompt_count else 1), 0)
        for _ in range(arguments.repetitions):
            ik.llama_kv_cache_clear(context)
            for begin in range(0, depth, 2048):
                batch.decode(tokens(min(2048, depth - begin)), begin)
            ids = tokens(count)
            start = time.perf_counter_ns()
            work(ids, depth)
            samples.append(time.perf_counter_ns() - start)
        ik.llama_free(context)
        results.append(driver_results.entry(
            prompt_count, generated_count, depth, arguments.threads, samples))

    if arguments.prompt:
        measure(arguments.prompt, 0)
    if arguments.generate:
        measure(0, arguments.generate)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({
        "results": results, "load_ns": load_ns, "peak_kib": peak, "python_kib": baseline}))


def first_token(arguments):
    """Time from the start of loading to the logits after a prompt of one token."""
    start = time.perf_counter_ns()
    model = Model(arguments.model, arguments.repack)
    Batch(model.context(512, arguments.threads)).decode([0], 0)
    print(json.dumps({"first_token_ns": time.perf_counter_ns() - start}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("bench", "first-token"))
    parser.add_argument("model")
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--generate", type=int, default=128)
    parser.add_argument("--depth", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=1)
    parser.add_argument("--repack", action="store_true")
    arguments = parser.parse_args()
    ik._lib.llama_log_set(drop, ctypes.c_void_p(0))
    ik.llama_backend_init()
    {"bench": bench, "first-token": first_token}[arguments.command](arguments)


if __name__ == "__main__":
    main()
