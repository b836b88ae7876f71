"""Writes results as a Markdown table beside the JSON it was made from."""

import json
import os

from peers.environment import HERE


def public_command(command):
    """A command as anybody would type it: programs and scripts by name, without folders."""
    return " ".join(os.path.basename(part) if os.sep in part else part for part in command)


def table(columns, rows):
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


def spread(figure, digits=1):
    """`median (smallest to largest)`, or a dash."""
    if not figure:
        return "–"
    median, low, high = (f"{figure[key]:.{digits}f}" for key in ("median", "min", "max"))
    return median if low == high else f"{median} ({low}–{high})"


def machine_lines(result):
    about = result["machine"]
    return [
        f"- {about['date']}, {about['processor']}, {about['cores']} cores "
        f"({', '.join(about['flags'])}), {about['memory_gib']} GiB, {about['system']}",
        f"- processor time taken meanwhile by other programs {share(about['other_programs'])}, by "
        f"the host {share(about['stolen_by_host'])}",
        *[f"- {name}: {version}" for name, version in result["versions"].items()],
        *[f"- `{command}`" for command in result["commands"]]]


def limit_rows(limits):
    rows = []
    names = {
        "memory_read_bytes_per_second": ("plain read of memory, 2 MiB pages", "GB/s", 1e9),
        "memory_read_4k_pages_bytes_per_second": ("plain read of memory, 4 KiB pages", "GB/s", 1e9),
        "dot_product_operations_per_second": ("dot products on registers", "GOP/s", 1e9)}
    for key, (name, unit, divisor) in names.items():
        for threads, figure in limits[key].items():
            if figure:
                scaled = {part: value / divisor for part, value in figure.items()}
                rows.append([name, threads, f"{spread(scaled)} {unit}"])
    return rows


def share(value):
    return "–" if value is None else f"{100 * value:.0f} %"


def generation(result):
    """The page of `compare`."""
    rows = []
    for model in result["models"]:
        first = next(iter(model["sides"].values()))
        last = list(model["sides"].values())[-1]
        for name, side in model["sides"].items():
            rows.append([
                model["model"], name, spread(side["decode"]),
                share(side.get("decode_share_of_memory_read")), spread(side["prefill"]),
                share(side.get("prefill_share_of_dot_product_peak")),
                spread(side["first_token_s"], 2), spread(side["peak_mib"], 0)])
        if first is not last:
            rows.append([
                model["model"], "**ratio**", ratio(first, last, "decode"), "",
                ratio(first, last, "prefill"), "", ratio(first, last, "first_token_s"),
                ratio(first, last, "peak_mib")])
    columns = [
        "Model", "Engine", f"Decode {result['generate']}, t/s", "of memory read",
        f"Prefill {result['prompt']}, t/s", "of dot-product peak", "Load to first token, s",
        "Memory peak, MiB"]
    return "\n".join([
        f"# Generation, {result['threads']} threads", "",
        f"Medians of {result['rounds']} alternating rounds (smallest–largest).", "",
        table(columns, rows), "",
        "## Limits of the machine, same run", "",
        table(["Limit", "Threads", "Rate"], limit_rows(result["limits"])), "",
        "## Machine, versions, commands", "", *machine_lines(result), ""])


def tokenizer_speed(result):
    """The page of `tokenizer_speed`."""
    rows = []
    for model in result["models"]:
        ours = model["sides"].get("apus")
        for name, side in model["sides"].items():
            times = "–"
            if ours and side is not ours:
                times = f"{ours['encode']['median'] / side['encode']['median']:.1f} ×"
            rows.append([model["vocabulary"], name, spread(side["encode"]), times,
                         spread(side.get("decode")), share(side["same_ids"])])
    text = result["text"]
    columns = ["Vocabulary", "Encoder", "Encode, MB/s", "apus is faster by", "Decode, MB/s",
               "Documents with llama.cpp's ids"]
    return "\n".join([
        "# Tokenizers, one thread", "",
        f"{text['bytes'] / 1e6:.1f} MB of English, code and a hundred languages in "
        f"{text['documents']} documents (SHA-256 `{text['sha256'][:16]}…`). Medians of "
        f"{result['rounds']} alternating rounds (smallest–largest).", "",
        table(columns, rows), "", "## Machine, versions, commands", "", *machine_lines(result), ""])


def quantize_error(result):
    """The page of `quantize_error`."""
    rows = [[
        row["model"], row["type"], f"{row['our_error']:.5f}", f"{row['their_error']:.5f}",
        f"{row['our_error'] / row['their_error']:.3f}" if row["their_error"] else "–",
        "the same" if not row["other_types"] else f"{row['other_types']} differ",
        f"{row['our_bytes'] / 1e6:.1f}", f"{row['our_seconds']:.1f} / {row['their_seconds']:.1f}",
        "yes" if row["runs"] else "no"] for row in result["rows"]]
    columns = ["Model", "Type", "apus", "llama.cpp", "ratio", "Types of tensors", "MB",
               "Processor, s", "Runs in llama.cpp"]
    return "\n".join([
        "# Errors of quantisation", "",
        "Root mean square error of all quantised weights, relative to that of the weights; both "
        "sides start from the same F32 file.", "",
        table(columns, rows), "", "## Machine, versions, commands", "", *machine_lines(result), ""])


def ratio(ours, theirs, key):
    if not ours[key] or not theirs[key]:
        return "–"
    return f"**{ours[key]['median'] / theirs[key]['median']:.2f} ×**"


def write(name, page, result):
    """Prints the page, and writes `results/NAME.md` and `.json` where a name is given."""
    print(page)
    if not name:
        return
    folder = os.path.join(HERE, "results")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name + ".md"), "w") as file:
        file.write(page)
    with open(os.path.join(folder, name + ".json"), "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
