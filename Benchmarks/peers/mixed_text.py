"""Ten megabytes of English, code and a hundred languages, the same wherever it is made.

English is the documentation inside Python's own library, code is Django's, the languages are
Django's translations. Django is fetched once through pip; nothing of either is kept in the project.
"""

import ast
import glob
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
import zipfile

DJANGO = "Django==5.2.8"
QUOTED = re.compile(r'^"(.*)"$', re.M)


def documents(byte_count):
    """Documents of the three kinds in turn, about `byte_count` bytes of UTF-8 in all."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                        "--only-binary", ":all:", "--dest", folder, DJANGO], check=True)
        with zipfile.ZipFile(glob.glob(os.path.join(folder, "*.whl"))[0]) as archive:
            names = sorted(archive.namelist())
            code = [archive.read(name).decode() for name in names if name.endswith(".py")]
            languages = [_translations(archive.read(name).decode())
                         for name in names if name.endswith(".po")]
    found = []
    for kind in (_english(), code, languages):
        left = byte_count // 3
        part = []
        for text in kind:
            size = len(text.encode())
            if 0 < size <= left:
                part.append(text)
                left -= size
        found.append(part)
    longest = max(len(part) for part in found)
    return [part[index] for index in range(longest) for part in found if index < len(part)]


def _english():
    """The documentation texts of Python's library, a document a module."""
    found = []
    folder = sysconfig.get_path("stdlib")
    for path in sorted(glob.glob(os.path.join(folder, "**", "*.py"), recursive=True)):
        if "site-packages" in path or f"{os.sep}test" in path:
            continue
        try:
            with open(path, encoding="utf-8") as file:
                tree = ast.parse(file.read())
        except (SyntaxError, UnicodeDecodeError, ValueError):
            continue
        if path.endswith("topics.py"):
            texts = [node.value for node in ast.walk(tree)
                     if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        else:
            documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
            texts = [ast.get_docstring(node) for node in ast.walk(tree)
                     if isinstance(node, documented)]
        found.append("\n\n".join(text for text in texts if text))
    return found


def _translations(catalogue):
    """The translated lines of a gettext catalogue, without the originals."""
    kept = []
    for entry in catalogue.split("\n\n"):
        _, mark, translated = entry.partition("msgstr")
        if mark:
            kept.append("".join(QUOTED.findall(translated.split(" ", 1)[-1])))
    return "\n".join(line.replace("\\n", "\n").replace('\\"', '"') for line in kept if line)
