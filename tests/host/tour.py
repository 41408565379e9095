# SPDX-License-Identifier: MIT
"""docs/tour.md is true: every command of it is typed, and what it shows is what comes.

In a block between ``` lines a line that begins with a prompt is a command, and what follows it is
its output. `pagoda:~# ` is typed into the shell of a guest, all in one, from beginning to end;
`(gdb) ` into a gdb that is attached to the guest of the test named in `make debug T=...` before.
Of `$ ` commands only `make qemu` is run: as the guest's start. The others are looked at: the
target, the test and the demo must exist.

A word with a digit in it stands for any such word, bars of # are not compared, and `...` stands
for any lines. What is left must be the same, line by line. The page is of a kernel with two levels of
page tables: of one with three (make check PAGING=pae) walks are typed, and not compared.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, "scripts")
import machine
from shared.built import BUILD, IMAGE, KERNEL
from shared.shell import Shell
from shared.tap import check, done

TOUR = "docs/tour.md"
PROMPTS = ("$ ", "pagoda:~# ", "(gdb) ")
GUEST_SECONDS, GDB_SECONDS = 100, 60
ELLIPSIS = "..."


class Step:
    def __init__(self, prompt, command, number):
        self.prompt, self.command, self.number = prompt, command, number
        self.expected = []


def steps_of(path):
    """The commands of the page's blocks, with what they are to print."""
    inside, step = False, None
    with open(path, encoding="utf-8") as page:
        for number, line in enumerate(page, 1):
            line = line.rstrip("\n")
            if line.startswith("```"):
                inside, step = not inside, None
                continue
            prompt = next((prompt for prompt in PROMPTS if line.startswith(prompt)), None)
            if inside and prompt:
                step = Step(prompt, line[len(prompt):], number)
                yield step
            elif inside and step:
                step.expected.append(line)


def stable(line):
    """What of a line is the same in every run."""
    words = [re.sub(r"\S*\d\S*", "0", word) for word in line.split()]
    return " ".join(word for word in words if word.strip("#"))


def first_missing(expected, found):
    """The first line of the page that does not come where it should, or None."""
    found = [stable(line) for line in found if line.strip()]
    expected = [line for line in expected if line.strip()]
    at, anywhere = 0, False
    for line in expected:
        if line == ELLIPSIS:
            anywhere = True
            continue
        wanted = stable(line)
        while anywhere and at < len(found) and found[at] != wanted:
            at += 1
        if at >= len(found) or found[at] != wanted:
            return line
        at, anywhere = at + 1, False
    return None if anywhere or at == len(found) or not expected else "(the end of the output)"


def compare(step, output):
    if machine.PAGING == "pae" and "walk" in step.command:
        check(output.strip(), f"line {step.number}: {step.command} (the page's has two levels)")
        return
    missing = first_missing(step.expected, output.replace("\r", "").split("\n"))
    check(missing is None, f"line {step.number}: {step.command}"
          + (f": not so: {missing}" if missing else ""))
    if missing:
        print(re.sub("^", "# ", output, flags=re.MULTILINE))


def settings_of(command):
    """The variables of a make command."""
    return {name: quoted or word for name, quoted, word
            in re.findall(r"(\w+)=(?:'([^']*)'|(\S+))", command)}


def check_make(command, demos):
    """Its target exists, and what its variables name."""
    with open("Makefile", encoding="utf-8") as makefile:
        targets = re.findall(r"^([a-z-]+):", makefile.read(), re.MULTILINE)
    words, settings = command.split(), settings_of(command)
    check(words[0] == "make" and words[1] in targets, f"{command}: there is such a target")
    if "T" in settings:
        check(os.path.exists(f"tests/{settings['T']}.c"), f"{command}: there is such a test")
    if settings.get("CMD", "").startswith("demo "):
        check(settings["CMD"][5:] in demos, f"{command}: there is such a demo")


def run_gdb(folder, test, steps):
    """All (gdb) commands in one session; they are read from a pipe, so prompts part the output."""
    port = machine.free_port()
    command = machine.test_guest(test, f"tests/{test}.c", folder, IMAGE,
                                 KERNEL, f"file:{folder}/console", ("quiet",))
    guest = subprocess.Popen(command + ["-S", "-gdb", f"tcp:127.0.0.1:{port}"],
                             stdin=subprocess.DEVNULL)
    gdb = [machine.GDB, "-q", "-nx", KERNEL]
    for line in ("set confirm off", "set architecture i386", "set pagination off",
                 "set width 0", "set tcp connect-timeout 20",
                 "add-symbol-file " + shlex.quote(f"{BUILD}/programs/tests/{test}"),
                 f"target remote 127.0.0.1:{port}", "source scripts/gdb/pagoda.py"):
        gdb += ["-ex", line]
    try:
        done = subprocess.run(gdb, input="".join(step.command + "\n" for step in steps),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=GDB_SECONDS, check=False)
    finally:
        guest.kill()
        guest.wait()
    outputs = done.stdout.split("(gdb) ")[1:]
    for step, output in zip(steps, outputs):
        if step.expected:
            compare(step, output)
    check(len(outputs) >= len(steps), f"gdb took all {len(steps)} commands")


def main():
    steps = list(steps_of(TOUR))
    by_prompt = {prompt: [step for step in steps if step.prompt == prompt] for prompt in PROMPTS}
    host, guest, gdb = by_prompt.values()
    start = next(step for step in host if step.command.startswith("make qemu "))
    debug = next(step for step in host if step.command.startswith("make debug "))

    with tempfile.TemporaryDirectory(prefix="pagoda-tour-") as folder:
        settings = settings_of(start.command)
        shell = Shell(folder, settings["MEM"], settings["SWAP"], GUEST_SECONDS)
        try:
            compare(start, shell.read())
            demos = shell.run("demo --names").split()
            for step in guest:
                compare(step, shell.run(step.command))
        finally:
            shell.close()
        run_gdb(folder, settings_of(debug.command)["T"], gdb)
    for step in host:
        check_make(step.command, demos)
    done()


if __name__ == "__main__":
    main()
