"""What the machine is, and what it can do at most."""

import datetime
import json
import os
import platform
import re
import resource
import subprocess

from peers.environment import HERE

TELLING_FLAGS = re.compile(r"avx2$|fma$|f16c$|avx512|avx_vnni|amx|asimddp|i8mm|sve")


def description():
    """Processor, cores, the flags that matter here, memory, system, date."""
    model, flags = platform.processor() or platform.machine(), []
    try:
        with open("/proc/cpuinfo") as file:
            text = file.read()
        found = re.search(r"^model name\s*: (.*)$", text, re.M)
        model = found.group(1) if found else model
        found = re.search(r"^(?:flags|Features)\s*: (.*)$", text, re.M)
        flags = [flag for flag in (found.group(1).split() if found else [])
                 if TELLING_FLAGS.match(flag)]
    except OSError:
        pass
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": model, "cores": len(os.sched_getaffinity(0)), "flags": flags,
        "memory_gib": round(memory / 2**30, 1), "system": platform.platform(terse=True),
        "date": datetime.date.today().isoformat(), "load": os.getloadavg()[0]}


class Limits:
    """The machine's limits, measured again in every round; figures are medians over the rounds."""

    def __init__(self, program, threads):
        self.program = program or os.path.join(HERE, ".build", "release", "limits")
        if not program:
            subprocess.run(
                ["swift", "build", "-c", "release", "--package-path", HERE, "--quiet"], check=True)
        self.threads = threads
        self.rounds = []

    def measure(self):
        output = subprocess.run(
            [self.program, str(self.threads)], check=True, capture_output=True, text=True).stdout
        self.rounds.append(json.loads(output))

    def now(self):
        """What the threads read of memory at this moment, and how they multiply: bytes and operations a
        second; nothing of the latter where the machine has no dot product."""
        output = subprocess.run([self.program, str(self.threads), "--now"], check=True,
                                capture_output=True, text=True).stdout
        found = json.loads(output)
        return {name: found[key][0]["median"] for name, key in (
            ("memory_read", "memory_read_bytes_per_second"),
            ("dot_products", "dot_product_operations_per_second")) if found[key]}

    def figure(self, key, threads):
        """Median, smallest and largest of one figure; None where the machine has none."""
        found = sorted(
            entry["median"] for measured in self.rounds for entry in measured[key]
            if entry["threads"] == threads)
        if not found:
            return None
        return {"median": found[len(found) // 2], "min": found[0], "max": found[-1]}

    def summary(self):
        keys = [key for key in self.rounds[0] if isinstance(self.rounds[0][key], list)]
        return {
            "instructions": self.rounds[0]["instructions"],
            **{key: {str(count): self.figure(key, count) for count in sorted({1, self.threads})}
               for key in keys}}


class Disturbance:
    """How much of the processor others used while a run lasted: the run's own proof of quiet."""

    def __init__(self):
        self.start = self._now()

    @staticmethod
    def _now():
        """Seconds of processor time: available, used by anybody, stolen by the host, our own."""
        with open("/proc/stat") as file:
            ticks = [int(part) for part in file.readline().split()[1:9]]
        second = os.sysconf("SC_CLK_TCK")
        user, nice, system, idle, wait, hard, soft, steal = (tick / second for tick in ticks)
        used = user + nice + system + hard + soft
        ours = sum(usage.ru_utime + usage.ru_stime for usage in (
            resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)))
        return used + idle + wait + steal, used, steal, ours

    def summary(self):
        """Shares of the processor time that other programs and the host took."""
        total, used, steal, ours = (b - a for a, b in zip(self.start, self._now()))
        return {"other_programs": max(0, used - ours) / total, "stolen_by_host": steal / total}
