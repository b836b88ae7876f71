"""What Apus should reach beside llama.cpp: the models of goals.json, and a table of what was."""

import json
import os
import subprocess

from peers import report
from peers.environment import HERE

FOLDER = os.path.join(HERE, ".models")


class Goal:
    """One model with its goals: a file, prompt and answer lengths, and factors."""

    def __init__(self, entry, program, pulled):
        self.entry = entry
        self.prompt, self.generate = entry["prompt"], entry["generate"]
        if "catalogue" in entry:
            self.path = os.path.join(pulled, catalogue_file(entry["catalogue"]))
            if not os.path.exists(self.path):
                raise SystemExit(f"{self.path}: not there; run `apus pull {entry['catalogue']}`")
            return
        os.makedirs(FOLDER, exist_ok=True)
        self.path = os.path.join(FOLDER, f"{entry['shape']}-{entry['type']}.gguf")
        if not os.path.exists(self.path):
            subprocess.run([program, "bench-model", entry["shape"], self.path, "--type",
                            entry["type"]], check=True)


def catalogue_file(name):
    with open(os.path.join(HERE, "..", "Models", "models.json")) as file:
        return next(model["file"] for model in json.load(file)["models"] if model["name"] == name)


def load(program, only):
    """The goals of the models whose file's name holds one of the words, or of all."""
    folder = os.environ.get("APUS_MODELS") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "apus", "models")
    with open(os.path.join(HERE, "goals.json")) as file:
        entries = json.load(file)["models"]
    words = [word.lower() for word in only]

    def is_wanted(entry):
        name = entry.get("catalogue") or f"{entry['shape']}-{entry['type']}"
        return not words or any(word in name.lower() for word in words)
    return [Goal(entry, program, folder) for entry in entries if is_wanted(entry)]


def cache_bytes(weights, positions):
    """Bytes of keys and values of so many positions in half precision."""
    data = weights.metadata
    prefix = data.get("general.architecture", "")

    def number(key, default):
        value = data.get(f"{prefix}.{key}")
        return value if isinstance(value, int) else default
    heads = number("attention.head_count", 1)
    width = number("embedding_length", 0) // max(heads, 1)
    length = number("attention.key_length", width) + number("attention.value_length", width)
    return (number("block_count", 0) * number("attention.head_count_kv", heads) * length * 2
            * (-(-positions // 32) * 32))


def verdict(reached, wanted, unit="×", at_most=False):
    """`1.35 × of 1.3 ×`, and whether that is enough."""
    scale, digits = (100, 0) if unit == "%" else (1, 2)
    is_met = reached <= wanted if at_most else reached >= wanted
    return (f"{'✓' if is_met else '✗'} {reached * scale:.{digits}f} {unit} "
            f"(goal {'≤' if at_most else '≥'} {wanted * scale:.{digits}f})"), is_met


def table(result, goals):
    """The page's section on goals, and whether all are met. Aims beyond the floor do not count."""
    rows, all_met = [], True
    for model, goal in zip(result["models"], goals):
        entry, ours = goal.entry, model["sides"]["apus"]
        cells = [model["model"]]

        def add(found, wanted, *rest, **options):
            nonlocal all_met
            text, is_met = verdict(found, wanted, *rest, **options)
            all_met = all_met and is_met
            return text
        theirs = model["sides"].get("llama.cpp")

        def times(key, side=theirs):
            return ours[key]["median"] / side[key]["median"]
        cells.append(add(times("decode"), entry["decode"]) if theirs else "–")
        cells.append(add(ours["decode_share_of_memory_read"], entry["memory_read"], "%") + ", "
                     + report.share(ours["decode_share_of_best_memory_read"]) + " of the best")
        if theirs:
            cells.append(add(times("prefill"), entry["prefill"]) + f", aim {entry['prefill_aim']}")
        else:
            cells.append("–")
        share = ours.get("prefill_share_of_dot_products")
        best = report.share(ours.get("prefill_share_of_best_dot_products"))
        all_weights = [report.share(ours.get(f"prefill_share_of_{limit}_of_all_weights"))
                       for limit in ("dot_products", "best_dot_products")]
        cells.append((add(share, entry["dot_product"], "%")
                      if share is not None and "dot_product" in entry else report.share(share))
                     + f", {best} of the best; by all weights {all_weights[0]}, {all_weights[1]}")
        cells.append(add(times("first_token_s"), 1.0, at_most=True) if theirs else "–")
        bound = (1.1 * model["file_bytes"] + model["cache_bytes"]) / 2**20 + 100 * 1e6 / 2**20
        is_small = ours["peak_mib"]["median"] <= bound
        all_met = all_met and is_small
        cells.append(f"{'✓' if is_small else '✗'} {ours['peak_mib']['median']:.0f} "
                     f"(goal ≤ {bound:.0f})")
        other = model["sides"].get("ik_llama.cpp")
        cells.append(f"decode {times('decode', other):.2f} ×, prefill "
                     f"{times('prefill', other):.2f} ×" if other else "–")
        if other:
            all_met = all_met and times("decode", other) >= 1 and times("prefill", other) >= 1
        rows.append(cells)
    columns = ["Model", "Decode beside llama.cpp", "Decode of the memory read beside it",
               "Prefill beside llama.cpp", "Prefill of the dot products beside it", "Load to first token",
               "Memory peak, MiB", "Beside ik_llama.cpp"]
    return "\n".join(["## Goals", "", report.table(columns, rows), ""]), all_met
