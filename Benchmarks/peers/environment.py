"""Where the peers live: a virtual environment of this folder, or one that is named."""

import os
import subprocess
import sys
import venv

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(HERE, ".venv")
DRIVER = os.path.join(HERE, "peers", "llama_driver.py")
IK_DRIVER = os.path.join(HERE, "peers", "ik_driver.py")
LLAMA = "llama-cpp-python==0.3.36"
TOKENIZERS = ["tokenizers", "tiktoken"]


def add_arguments(parser):
    parser.add_argument(
        "--python", metavar="PATH",
        help="a Python that has the peers; without it the one in Benchmarks/.venv")
    parser.add_argument(
        "--install", action="store_true",
        help="make Benchmarks/.venv and build the peers for this processor (about ten minutes)")


def python(arguments, with_tokenizers=False):
    """The path of a Python that has the peers; installs them when asked to."""
    if arguments.python:
        return arguments.python
    path = os.path.join(FOLDER, "bin", "python")
    if arguments.install:
        install(path, with_tokenizers)
    if not os.path.exists(path):
        raise SystemExit("the peers are not installed: run this once with --install, or name a "
                         "Python that has llama-cpp-python with --python")
    return path


def install(path, with_tokenizers):
    if not os.path.exists(path):
        venv.create(FOLDER, with_pip=True)
    pip = [path, "-m", "pip", "install", "--quiet"]
    native = dict(os.environ, CMAKE_ARGS="-DGGML_NATIVE=ON")
    # A cached wheel may have been built for any processor.
    subprocess.run(pip + ["--no-cache-dir", "--no-binary", "llama-cpp-python", LLAMA], env=native,
                   check=True)
    if with_tokenizers:
        subprocess.run(pip + TOKENIZERS, check=True)


def enter(arguments, with_tokenizers=False):
    """Goes on in the peers' Python, for a script that needs their packages itself."""
    own = os.path.join(FOLDER, "bin", "python")
    if os.path.abspath(sys.executable) in (own, os.path.abspath(arguments.python or own)):
        return
    path = python(arguments, with_tokenizers)
    os.execv(path, [path] + sys.argv)
