# SPDX-License-Identifier: MIT
"""A case of `make conform`: what it printed on Linux and in a guest, and the judgement."""

import collections
import difflib
import fnmatch
import os
import re
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import machine

Verdict = collections.namedtuple("Verdict", "word why lines")
LTP_WORDS = ("TPASS", "TFAIL", "TBROK", "TCONF")
LTP_LINE = re.compile(r"\b(" + "|".join(LTP_WORDS) + r"|TINFO)\b")  # TINFO: it reports, if no more
# The log of a kernel, whichever way it comes between the lines.
LOG_LINE = re.compile(r"^\[ *\d+\.\d+\] ")


class Typist:
    """Whoever sits at a case's terminal: a line `@type TEXT` that the case prints is an order to
    type it, with escapes as in C (\\n, \\003); `@pause` first lets a quarter of a second pass."""

    def __init__(self, type_bytes):
        self.type_bytes = type_bytes

    def see(self, line):
        if line.startswith("@pause "):
            time.sleep(0.25)
            line = line[len("@pause "):]
        if line.startswith("@type "):
            text = line[len("@type "):].encode().decode("unicode_escape")
            self.type_bytes(text.encode("latin-1"))


class Told:
    """What scripts/conformrun.c said of one run of a case; kept in a file."""

    def __init__(self, path):
        self.path = path
        self.failed = ""  # what became of the guest at this case

    def known(self):
        return os.path.exists(self.path)

    def write(self, text, terminal=False):
        """Of a terminal every line that the runner does not say is the case's."""
        if terminal:
            text = re.sub("^(?!@@ )", "|", text.replace("\r", ""), flags=re.MULTILINE)
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)

    def text(self):
        if not self.known():
            return ""
        with open(self.path, encoding="utf-8") as file:
            return file.read()

    def lines(self):
        """The case's own lines, then how it ended."""
        found = []
        for line in self.text().replace("\r", "").split("\n"):
            if line.startswith("|") and not LOG_LINE.match(line[1:]):
                found.append(line[1:])
            elif line.startswith("@@ ") and not line.startswith("@@ case"):
                found.append(line[3:])
        return found

    def ended_late(self):
        return "\n@@ late" in "\n" + self.text()

    def ltp_counts(self):
        """{word: how many lines have it}; empty if it does not report so."""
        words = [found.group(1) for found in map(LTP_LINE.search, self.lines()) if found]
        return collections.Counter(words)


class Differs:
    """Lines that may differ. A line of the file: CASE /PATTERN/ REASON, where CASE may have * and
    ?, and PATTERN is a regular expression for the whole of a line that one of them printed."""

    def __init__(self, paths):
        self.entries = []
        for path in dict.fromkeys(map(os.path.abspath, paths)):
            if os.path.exists(path):
                self.read(path)
        self.used = set()

    def read(self, path):
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if not line.strip() or line.startswith("#"):
                    continue
                found = re.fullmatch(r"(\S+)\s+/(.*)/\s+(\S.*)", line.strip())
                if not found:
                    raise SystemExit(f"{path}:{number}: not CASE /PATTERN/ REASON")
                self.entries.append((found.group(1), re.compile(found.group(2)),
                                     f"{found.group(1)} /{found.group(2)}/"))

    def accepts(self, name, line):
        for case, pattern, words in self.entries:
            if fnmatch.fnmatch(name, case) and pattern.fullmatch(line):
                self.used.add(words)
                return True
        return False

    def unused(self, cases):
        """Entries for one of these cases that no differing line has met."""
        return [words for case, _, words in self.entries if words not in self.used
                and any(fnmatch.fnmatch(one.name, case) for one in cases)]


class Case:
    def __init__(self, name, source, options):
        self.name = name
        self.source = source       # None: it came as a program
        self.options = options
        self.program = os.path.join(options.bin, name)
        self.terminal = bool(source) and "terminal" in machine.comment_words(source, "conform")
        self.broken = ""           # the compiler's words
        self.linux = Told(os.path.join(options.out, "linux", name))
        self.guest = Told(os.path.join(options.out, "guest", name))

    def verdict(self, differs):
        if self.broken:
            return Verdict("FAIL", "does not compile", self.broken.rstrip().split("\n"))
        if self.guest.failed:
            return Verdict("FAIL", self.guest.failed, self.guest.text().split("\n")[-20:])
        if self.linux.failed or self.linux.ended_late():
            return Verdict("skip", "Linux did not finish it in time", [])
        expected, found = self.linux.ltp_counts(), self.guest.ltp_counts()
        if expected:
            return self.ltp_verdict(expected, found)
        return self.line_verdict(differs)

    def line_verdict(self, differs):
        lines, accepted = [], 0
        for line in difflib.unified_diff(self.linux.lines(), self.guest.lines(), n=0, lineterm=""):
            if line.startswith(("---", "+++", "@@")):
                continue
            if differs.accepts(self.name, line[1:]):
                accepted += 1
            else:
                lines.append(("< " if line[0] == "-" else "> ") + line[1:])
        if lines:
            return Verdict("FAIL", "< Linux, > Pagoda", lines)
        return Verdict("ok", f"{accepted} lines differ, as listed" if accepted else "", [])

    def ltp_verdict(self, expected, found):
        """As good as on Linux: what it passes there, it passes here, and nothing fails."""
        if expected["TFAIL"] or expected["TBROK"]:
            return Verdict("skip", f"fails on Linux: {counts_text(expected)}", [])
        if found["TFAIL"] or found["TBROK"] or found["TPASS"] < expected["TPASS"] or \
                self.guest.ended_late() or not found:
            return Verdict("FAIL", f"Linux: {counts_text(expected)}; "
                           f"Pagoda: {counts_text(found)}", self.ltp_lines())
        return Verdict("ok", counts_text(found), [])

    def ltp_lines(self):
        lines = self.guest.lines()
        return [line for line in lines[:-1] if re.search("TFAIL|TBROK|TCONF", line)] + lines[-1:]


def counts_text(counts):
    return " ".join(f"{word} {counts[word]}" for word in LTP_WORDS if counts[word]) or "nothing"
