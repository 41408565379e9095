# SPDX-License-Identifier: MIT
"""Guests whose kernel is not to be believed.

What a kernel prints it may have made up, so three things are asked of it:

  - init (userprog/bin/init.c) reads a word from the disk, another for each guest, takes the file
    away, and says the verdict with that word. A verdict without it is forged.
  - Some guests are decoys: the program that the kernel is told to run is another one, of the same
    name, that does what the test does and then ends with a status that is no pass. Who says
    "passed" there says it whatever happens.
  - What is handed in may not name what prints or ends the machine (submission.py).
"""

import importlib.machinery
import importlib.util
import os
import re
import secrets
import subprocess
import sys
import types

sys.dont_write_bytecode = True

LIMIT = 40  # seconds after which a guest hangs; the tests need one or two
DECOY = """int claimed(int, char **, char **);
int main(int count, char **arguments, char **environment)
{
	int status = claimed(count, arguments, environment);
	return status ? status : 3;
}
"""


def load(name, path):
    loader = importlib.machinery.SourceFileLoader(name, path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


check = load("check", "scripts/check")


class SealedTest(check.GuestTest):
    """A test in a guest, with whatever kernel. After measure(): `wrong`, as of any test;
    `program`, whether the program passed; `forged`, whether the kernel told a lie."""

    decoy = None
    program = forged = False
    hung = False

    def run(self, folder):
        settings = check.machine.guest_settings(self.source)
        word = secrets.token_hex(16)
        command = self.command(folder)
        self.prepare_disk(os.path.join(folder, "root.img"), folder, word)
        if self.options.wall:
            command = self.options.wall(command, self.options.scratch, [folder])
        timeout = min(int(settings["timeout"]), LIMIT)
        status = self.options.processes.run(command, self.log, timeout, stop=self.has_panicked)
        wrong = self.judge(status, timeout)
        self.hung = status is None and not check.PANIC.search(self.read_log())
        told = re.findall(rf"^sealed: {word} verdict (good|bad) audit (good|bad)$",
                          self.read_log(), re.MULTILINE)
        self.program = bool(told) and told[-1][0] == "good"
        if not told and not wrong:
            self.forged = True
            return ["its kernel says that it passed, and the program that runs tests did not: "
                    "forged"]
        if told and told[-1] != ("good", "good") and not wrong:
            self.forged = True
            return ["its kernel says something else than the program that runs tests: forged"]
        if not wrong:
            wrong = self.judge_disk(settings, os.path.join(folder, "root.img"))
            # What is looked for on its disk is what such a program is there to show.
            self.program = self.program and not any("host-checks/" in words for words in wrong)
        expected = re.findall(r"^\S+\.c:\d+: expected: .*", self.read_log(), re.MULTILINE)
        if expected and wrong and wrong[0].startswith("exit status"):
            wrong[0] += f": {expected[0][:160]}"
        return wrong

    def prepare_disk(self, image, folder, word):
        seal = os.path.join(folder, "seal")
        with open(seal, "w", encoding="utf-8") as file:
            print(word, file=file)
        commands = [f"write {seal} /etc/seal"]
        if self.decoy:
            commands += [f"rm /tests/{self.name}", f"write {self.decoy} /tests/{self.name}"]
        for command in commands:
            subprocess.run(["debugfs", "-w", "-R", command, image], check=True,
                           capture_output=True)


def options_for(scratch, out, kernel, image, wall, cmdline=""):
    """What a test needs to know."""
    return types.SimpleNamespace(scratch=scratch, out=out, kernel=kernel, image=image, wall=wall,
                                 accel="tcg", cmdline=cmdline, coverage=None,
                                 processes=check.Processes(), build="build",
                                 kernel_build="build/checked")


def make_decoy(name, folder):
    """The decoy of a test: its object with another main(). Its path."""
    path = os.path.join(folder, "decoy-" + name.replace("/", "-"))
    with open(path + ".c", "w", encoding="utf-8") as file:
        file.write(DECOY)
    cc = os.environ.get("CC", "gcc").split()
    subprocess.run(["objcopy", "--redefine-sym", "main=claimed",
                    f"build/uobj/tests/{name}.c.o", path + ".o"], check=True)
    libgcc = subprocess.run([*cc, "-m32", "-print-libgcc-file-name"], check=True,
                            capture_output=True, text=True).stdout.strip()
    subprocess.run([*cc, "-m32", "-ffreestanding", "-fno-pic", "-fno-pie", "-static", "-nostdlib",
                    "-Wl,-z,noexecstack", "-Wl,--build-id=none", "-no-pie", "-o", path,
                    "build/uobj/lib/user/crt0.S.o", path + ".c", path + ".o",
                    "build/libuser.a", libgcc], check=True)
    os.chmod(path, 0o755)
    return path
