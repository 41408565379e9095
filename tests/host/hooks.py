# SPDX-License-Identifier: MIT
"""make hooks: a commit of a file that lint refuses is refused, by what is to be committed and not by
what else lies there; a hook of somebody else is kept; a tool that is missing is told."""

import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from shared.tap import check, done

TOOLS = ("git", "pyflakes3", "shellcheck", "clang-format", "clang-tidy", "cppcheck")
missing = [tool for tool in TOOLS if not shutil.which(tool)]
if missing or not os.path.exists(".git"):
    print(f"there is no {' and no '.join(missing) or 'repository'}")
    sys.exit(77)

# What the make and the git that started this one were told is not for these.
MINE = {name: value for name, value in os.environ.items()
        if not name.startswith(("GIT_", "MAKE", "MFLAGS"))}
IDENTITY = ("-c", "user.name=N", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false")


def run(*command, path=None):
    result = subprocess.run(command, env={**MINE, **({"PATH": path} if path else {})}, text=True,
                            capture_output=True, check=False)
    text = result.stdout + result.stderr
    print("".join(f"# {line}\n" for line in text.split("\n")[-9:] if line), end="")
    return result.returncode, text


def commit(path, content):
    """Whether a commit of the file with this content went in, and what was said."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(content)
    run("git", "add", path)
    status, text = run("git", *IDENTITY, "commit", "-qm", path)
    run("git", "reset", "-q", "--hard")
    return status == 0, text


def refusals():
    for path, content, words in (
            ("lib/bad.c", "int f(int x);\nint f(int x)\n{\n\tif(x)\n\t\treturn 1;\n\treturn 2;\n}\n",
             "lib/bad.c:4: a blank"),
            ("lib/slip.c", "int f(int x);\nint f(int x)\n{\n\tif (x == x)\n\t\treturn 1;\n\treturn 2;\n}\n",
             "misc-redundant-expression"),
            ("lib/past.c", "int f(void);\nint f(void)\n{\n\tint a[2] = {0};\n\treturn a[2];\n}\n",
             "arrayIndexOutOfBounds"),
            ("scripts/bad.py", "import os\n", "imported but unused"),
            ("scripts/bad", "#!/usr/bin/env bash\ncd $1\n", "SC2086")):
        went_in, text = commit(path, content)
        check(not went_in and words in text, f"{path} is refused: {words}")


def main(folder):
    run("git", "clone", "-q", "--no-hardlinks", os.getcwd(), folder)
    # What is not committed yet is tried as well.
    for name in ("scripts/lint", "scripts/hooks", "scripts/format-check", ".clang-format",
                 ".clang-tidy", "Makefile", "scripts/compile-commands", "scripts/setup"):
        shutil.copy(name, os.path.join(folder, name))
    os.chdir(folder)
    run("git", "add", "-A")
    run("git", *IDENTITY, "commit", "-qm", "as it is")
    status, _ = run("scripts/hooks")
    check(status == 0 and os.access(".git/hooks/pre-commit", os.X_OK), "the hook is installed")
    check(run("scripts/hooks")[0] == 0, "a second time, too")
    refusals()
    with open("scripts/left-aside.py", "w", encoding="utf-8") as file:
        file.write("import os\n")
    went_in, _ = commit("lib/good.c", "int f(int x);\nint f(int x)\n{\n\treturn x + 1;\n}\n")
    check(went_in, "a good file goes in, whatever else lies there")
    with tempfile.TemporaryDirectory() as bare:
        for tool in ("git", "bash", "env", "python3", "dirname", "sh"):
            os.symlink(shutil.which(tool), os.path.join(bare, tool))
        status, text = run("scripts/lint", "scripts/lint", path=bare)
        check(status == 1 and "shellcheck is not there; make lint installs it" in text,
              "lint says which tool is missing, and fails")
        check(run("scripts/lint", "--if-there", "scripts/lint", path=bare)[0] == 0,
              "for the hook that is no reason to refuse")
    with open(".git/hooks/pre-commit", "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n")
    status, text = run("scripts/hooks")
    check(status == 1 and "it stays" in text, "somebody else's hook is kept")


with tempfile.TemporaryDirectory(prefix="pagoda-hooks-") as top:
    here = os.getcwd()
    main(os.path.join(top, "tree"))
    os.chdir(here)
done()
