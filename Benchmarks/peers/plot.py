"""Pictures of results, where matplotlib is installed."""

import sys


def figure(width, height, columns):
    try:
        import matplotlib
    except ImportError:
        print("no picture: matplotlib is not installed", file=sys.stderr)
        return None, None, None
    matplotlib.use("Agg")
    from matplotlib import pyplot
    shape, axes = pyplot.subplots(1, columns, figsize=(width, height), layout="constrained")
    return pyplot, shape, axes


def finish(pyplot, shape, result, path):
    about = result["machine"]
    shape.text(0.005, -0.045, f"{about['processor']}, {result['threads']} threads, {about['date']}; "
               f"{result['commands'][0]}", fontsize=7, color="0.35")
    shape.savefig(path, dpi=120, bbox_inches="tight")
    pyplot.close(shape)
    print(path, file=sys.stderr)


def counted(axis, values, label):
    """A logarithmic axis of counts, with a tick at each."""
    axis.set_xscale("log", base=2)
    axis.set_xticks(values, [str(value) for value in values])
    axis.minorticks_off()
    axis.set_xlabel(label)
    axis.grid(True, alpha=0.3)
    axis.set_ylim(bottom=0)


def kernels(result, path):
    """Bytes of weights and operations a second of each format, by rows."""
    pyplot, shape, axes = figure(13, 5.5, 2)
    if not pyplot:
        return
    threads = str(result["threads"])
    read = result["limits"]["memory_read_bytes_per_second"][threads]["max"]
    peak = result["limits"]["dot_product_operations_per_second"].get(threads)
    names = list(dict.fromkeys(product["format"] for product in result["products"]))
    counts = sorted({product["rows"] for product in result["products"]})
    colours = pyplot.get_cmap("tab20")
    for index, name in enumerate(names):
        found = sorted((product for product in result["products"] if product["format"] == name),
                       key=lambda product: product["rows"])
        style = {"color": colours(index % 20), "marker": "osv^D"[index % 5], "markersize": 4,
                 "label": name}
        few = [product for product in found if product["rows"] <= 16]
        axes[0].plot([product["rows"] for product in few],
                     [product["bytes_per_second"] / 1e9 for product in few], **style)
        axes[1].plot([product["rows"] for product in found],
                     [product["operations_per_second"] / 1e9 for product in found], **style)
    axes[0].axhline(read / 1e9, color="black", linestyle="--", linewidth=1)
    axes[0].annotate("plain read of memory", (16, read / 1e9), xytext=(0, 4), ha="right",
                     textcoords="offset points", fontsize=8)
    if peak:
        axes[1].axhline(peak["max"] / 1e9, color="black", linestyle="--", linewidth=1)
        axes[1].annotate("dot products on registers", (1, peak["max"] / 1e9), xytext=(0, 4),
                         textcoords="offset points", fontsize=8)
    counted(axes[0], [count for count in counts if count <= 16], "rows of activations")
    counted(axes[1], counts, "rows of activations")
    axes[0].set_ylabel("weights read, GB/s")
    axes[1].set_ylabel("multiplications and additions, GOP/s")
    axes[0].set_title(f"Weights of {result['shape']}: bytes")
    axes[1].set_title("Operations")
    axes[1].legend(fontsize=8, ncols=1, loc="center left", bbox_to_anchor=(1.01, 0.5))
    finish(pyplot, shape, result, path)


def curve(result, path):
    """Tokens a second of both sides by length of context."""
    pyplot, shape, axis = figure(7.5, 4.5, 1)
    if not pyplot:
        return
    places = [max(depth, 1) for depth in result["depths"]]
    for (name, figures), marker in zip(result["sides"].items(), "os^"):
        middle = [figure["median"] for figure in figures]
        axis.errorbar(places, middle, yerr=[
            [figure["median"] - figure["min"] for figure in figures],
            [figure["max"] - figure["median"] for figure in figures]],
            marker=marker, capsize=3, label=name)
    counted(axis, places, "tokens in the context")
    axis.set_xticks(places, [str(depth) for depth in result["depths"]])
    axis.set_ylabel("decode, tokens a second")
    axis.set_title(result["model"])
    axis.legend()
    finish(pyplot, shape, result, path)
