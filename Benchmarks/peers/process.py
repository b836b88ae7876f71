"""Runs a program to its end."""

import os
import subprocess


def run(command, variables=None):
    """Standard output of a command, with the largest memory it held, in KiB."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=dict(os.environ, **(variables or {})))
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"failed with {process.returncode}: {' '.join(command)}")
    return output, usage.ru_maxrss
