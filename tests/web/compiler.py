# SPDX-License-Identifier: MIT
"""cc, the compiler that the page in the browser brings for its editor, inside a guest: every example
of the editor is compiled and does what it says; a mistake is told with its file and line.

For `make check-web`, which has made it."""

import glob
import os
import re
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path[:0] = ["scripts", "tests/host"]
import machine
from shared.built import BUILD
from shared.shell import Shell
from shared.tap import check, done

EXAMPLES = "scripts/web/examples"
SECONDS = 100
MISTAKES = [("int main(void)\n{\n\treturn x;\n}\n", 3, "'x' undeclared"),
            ("#include <stdio.h>\n#include <nothing.h>\n", 2, "nothing.h"),
            ("int main(void)\n{\n\tretrun 0;\n\treturn 0;\n}\n", 3, ""),
            ("int main(void)\n{\n\treturn 0;\n", 4, "expected")]


def put(shell, name, text):
    """The file, typed in as a page does it."""
    shell.run(f"cat >{name} <<'END'\n{text}END")


def check_example(shell, path):
    """Its first line says behind `prints:` what comes, among others."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    check(text.count("\n") <= 32, f"{path}: short")
    put(shell, "/tmp/program.c", text)
    said = shell.run("cc /tmp/program.c -o /tmp/program; echo status=$?")
    check("status=0" in said and "warning" not in said, f"{path}: compiled {said}")
    said = shell.run("/tmp/program; echo status=$?")
    wanted = re.search(r"prints: (.*) \*/", text).group(1)
    check(wanted in said and "status=0" in said, f"{path}: prints {wanted}: {said}")


def main():
    archive = os.path.join(BUILD, "web-parts/compiler.tar")
    with tempfile.TemporaryDirectory(prefix="pagoda-compiler-") as folder:
        options = machine.drive("virtio", 2, archive, ",readonly=on")
        shell = Shell(folder, 16, 8, SECONDS, options)
        try:
            shell.read()
            shell.run("tar x -C / -f /dev/vdc")
            examples = sorted(glob.glob(f"{EXAMPLES}/*.c"))
            check(len(examples) >= 4, f"{len(examples)} examples")
            for path in examples:
                check_example(shell, path)
            for text, line, words in MISTAKES:
                put(shell, "/tmp/wrong.c", text)
                said = shell.run("cc /tmp/wrong.c -o /tmp/wrong; echo status=$?")
                found = re.search(r"/tmp/wrong\.c:(\d+): error: (.*)", said)
                check(found and int(found.group(1)) == line and words in found.group(2)
                      and "status=1" in said, f"a mistake in line {line}: {said}")
        finally:
            shell.close()
    done()


if __name__ == "__main__":
    main()
