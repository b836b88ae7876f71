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
        for name, side in model["sides"].items():
            rows.append([
                model["model"], f"{model['prompt']} / {model['generate']}", name,
                spread(side["decode"]),
                share(side.get("decode_share_of_memory_read")), spread(side["prefill"]),
                share(side.get("prefill_share_of_dot_products")),
                spread(side["first_token_s"], 2), spread(side["peak_mib"], 0)])
        for name, side in list(model["sides"].items())[1:]:
            rows.append([
                model["model"], "", f"**beside {name}**", ratio(first, side, "decode"), "",
                ratio(first, side, "prefill"), "", ratio(first, side, "first_token_s"),
                ratio(first, side, "peak_mib")])
    columns = [
        "Model", "Prompt / answer", "Engine", "Decode, t/s", "of the memory read beside it", "Prefill, t/s",
        "of the dot products beside it", "Load to first token, s",
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


def kernels(result):
    """The page of `kernels`."""
    limits = result["limits"]
    threads = str(result["threads"])
    read = limits["memory_read_bytes_per_second"][threads]["max"]
    peak = (limits["dot_product_operations_per_second"].get(threads) or {}).get("max")
    counts = sorted({product["rows"] for product in result["products"]})
    by_key = {(product["format"], product["rows"]): product for product in result["products"]}
    rows = []
    for name in dict.fromkeys(product["format"] for product in result["products"]):
        one = by_key.get((name, 1))
        cells = [name]
        cells.append(f"{one['bytes_per_second'] / 1e9:.1f} "
                     f"({share(one['bytes_per_second'] / read)})" if one else "–")
        for count in counts:
            found = by_key[name, count]["operations_per_second"]
            cells.append(f"{found / 1e9:.0f}" + (
                f" ({share(found / peak)})" if peak and count == counts[-1] else ""))
        rows.append(cells)
    columns = ["Format", "GB/s, 1 row"] + [
        f"GOP/s, {count} row{'s' if count > 1 else ''}" for count in counts]
    return "\n".join([
        f"# Products of weights, {result['threads']} threads", "",
        f"Weights of {result['shape']}, the best of {result['rounds']} rounds. In brackets: of a "
        "plain read of memory, and of dot products on registers.", "",
        table(columns, rows), "", "## Limits of the machine, same run", "",
        table(["Limit", "Threads", "Rate"], limit_rows(limits)), "",
        "## Machine, versions, commands", "", *machine_lines(result), ""])


def curve(result):
    """The page of `curve`."""
    rows = []
    for index, depth in enumerate(result["depths"]):
        cells = [str(depth)]
        for name, figures in result["sides"].items():
            cells.append(spread(figures[index]))
        sides = list(result["sides"].values())
        cells.append(f"{sides[0][index]['median'] / sides[1][index]['median']:.2f} ×")
        extra = 1 / sides[0][index]["median"] - 1 / sides[0][0]["median"]
        read = result["read_seconds"][index]
        cells.append("–" if index == 0 else
                     f"{1e3 * extra:.1f} / {1e3 * read:.1f} ({extra / read:.2f} ×)")
        rows.append(cells)
    columns = ["Tokens in the context", *[f"{name}, t/s" for name in result["sides"]], "ratio",
               "ms a token beyond the first line / ms to read its keys and values"]
    return "\n".join([
        f"# Decode by length of context: {result['model']}, {result['threads']} threads", "",
        f"Medians of {result['rounds']} alternating rounds (smallest–largest), "
        f"{result['generate']} tokens each.", "", table(columns, rows), "",
        "## Limits of the machine, same run", "",
        table(["Limit", "Threads", "Rate"], limit_rows(result["limits"])), "",
        "## Machine, versions, commands", "", *machine_lines(result), ""])


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
