# SPDX-License-Identifier: MIT
"""compile_commands.json names every C file that is compiled, and with its flags each kind of them
compiles; clang, which clangd is made of, knows all of the flags."""

import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from shared.tap import check, done

FOLDERS = ("boot", "kernel", "vm", "userprog", "lib", "tests/vm", "tests/fs", "tests/userprog",
           "tests/host", "tests/conform")
NOT_ALONE = ("tests/host/standin/", "tests/host/shared/")  # compiled with a test beside them
SAMPLE = ("vm/fault.c", "vm/policy/clock.c", "lib/string.c", "userprog/bin/init.c",
          "tests/vm/cow-simple.c", "tests/host/lib-tree.c")


def database(folder):
    path = os.path.join(folder, "compile_commands.json")
    # What the make that started this one was told is not for this one.
    mine = {name: value for name, value in os.environ.items()
            if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")}
    subprocess.run(["make", "-s", f"COMPILE_COMMANDS={path}", path], check=True, env=mine,
                   stdout=subprocess.DEVNULL)
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def compiles(entry, compiler):
    command = [compiler, *entry["arguments"][1:], "-fsyntax-only"]
    result = subprocess.run(command, cwd=entry["directory"], text=True, capture_output=True,
                            check=False)
    print("".join(f"# {line}\n" for line in result.stderr.split("\n")[:8] if line), end="")
    return result.returncode == 0


with tempfile.TemporaryDirectory(prefix="pagoda-commands-") as folder:
    entries = database(folder)
named = {entry["file"]: entry for entry in reversed(entries)}
there = {path for top in FOLDERS for path in glob.glob(f"{top}/**/*.c", recursive=True)
         if not path.startswith(NOT_ALONE)}
missing = sorted(there - set(named))
check(len(there) > 300 and not missing, f"every C file is named {' '.join(missing[:5])}")
check(all(os.path.isfile(os.path.join(entry["directory"], entry["file"])) for entry in entries),
      "what is named is there")
for compiler in sorted({entries[0]["arguments"][0], shutil.which("clang") or "clang"}):
    if shutil.which(compiler):
        for path in SAMPLE:
            check(compiles(named[path], compiler), f"{compiler} compiles {path} with these flags")
done()
