# SPDX-License-Identifier: MIT
"""What the demos claim (the sentences in claim() of userprog/bin/demo), and what tests/claims says
of each: the changes that make it not so, or the reason why there is none."""

import glob
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import changes

DEMOS = "userprog/bin/demo"
FOLDER = "tests/claims"
REASONS = "reasons"
LITERAL = re.compile(r'"((?:\\.|[^"\\])*)"')
CONVERSION = re.compile(r"%[-+ #0]*\d*(?:\.\d+)?(?:hh|h|ll|l|z)?[a-zA-Z]")


class BadTable(Exception):
    pass


def arguments(text, start):
    """Those of the call whose opening bracket is at `start`."""
    found, depth, place, begun = [], 0, start, start + 1
    while place < len(text):
        literal = LITERAL.match(text, place)
        if literal:
            place = literal.end()
            continue
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0 or (depth == 1 and text[place] == ","):
            found.append(text[begun:place])
            begun = place + 1
        if depth == 0:
            return found
        place += 1
    raise BadTable("a bracket is not closed")


def literals(text):
    """Those of an expression; pieces with nothing but space between them are one."""
    found, end = [], None
    for literal in LITERAL.finditer(text):
        words = literal.group(1).replace("\\n", "\n").replace('\\"', '"')
        if end is not None and not text[end:literal.start()].strip():
            found[-1] += words
        else:
            found.append(words)
        end = literal.end()
    return found


def in_text(text):
    """The sentences that a source claims: each claim()'s format, or what it has to choose from."""
    found = []
    for call in re.finditer(r"^\s*claim(\()", text, re.MULTILINE):
        _, form, *rest = arguments(text, call.start(1))
        sentences = literals(form)
        if sentences == ["%s"]:
            sentences = literals(rest[0])
        found += [" ".join(sentence.split()) for sentence in sentences]
    return list(dict.fromkeys(found))


def all_claims():
    """{demo: [sentence]}; the sentences of what the demos share are `processes`'s and so on."""
    claims = {}
    for path in sorted(glob.glob(os.path.join(DEMOS, "*.c"))):
        with open(path, encoding="utf-8") as file:
            sentences = in_text(file.read())
        if sentences and os.path.basename(path) != "tell.c":
            claims[os.path.basename(path)[:-2]] = sentences
    return claims


def pattern(sentence):
    """Matches the sentence with whatever stands for its conversions."""
    parts = CONVERSION.split(sentence)
    words = [r"\s+".join(re.escape(word) for word in re.split(r"\s+", part.replace("%%", "%")))
             for part in parts]
    return re.compile(r".*?".join(words), re.DOTALL)


def named(line):
    """`DEMO: SENTENCE` in two."""
    demo, _, sentence = line.partition(": ")
    return demo, sentence


class Mechanism:
    """One file of tests/claims: a mechanism that is taken away, and what is not so without it."""

    def __init__(self, name):
        self.name = name
        self.change = changes.Change(os.path.join(FOLDER, name + ".txt"),
                                     {"cmdline", "paging"}, {"fails"})
        self.fails = [named(line) for line in self.change.fields["fails"]]
        if not self.fails:
            raise changes.Unfit("it makes no claim fail")
        if not self.change.edits and not self.change.fields["cmdline"]:
            raise changes.Unfit("it takes nothing away")

    def field(self, name):
        return (self.change.fields[name] or [""])[0]

    def demos(self):
        return sorted({demo for demo, _ in self.fails})


def mechanism_names():
    return sorted(os.path.basename(path)[:-4] for path in glob.glob(os.path.join(FOLDER, "*.txt")))


def reasons():
    """{(demo, sentence): why nothing can be taken away}: `DEMO: SENTENCE`, and the reason on
    indented lines below it."""
    found, key = {}, None
    with open(os.path.join(FOLDER, REASONS), encoding="utf-8") as file:
        for line in file:
            if line.startswith("#") or not line.strip():
                continue
            if line[0].isspace() and key:
                found[key] = (found[key] + " " + line.strip()).strip()
            else:
                key = named(line.strip())
                found[key] = ""
    return found


def complaints(mechanisms):
    """What is wrong with the table, as sentences: claims without a line, lines without a claim."""
    claims = {(demo, sentence) for demo, sentences in all_claims().items()
              for sentence in sentences}
    shown = {pair for mechanism in mechanisms for pair in mechanism.fails}
    why = reasons()
    for demo, sentence in sorted(claims - shown - why.keys()):
        yield (f"{demo}: {sentence}: nobody has seen it fail; {FOLDER} needs a change that makes "
               "it, or a reason")
    for demo, sentence in sorted((shown | why.keys()) - claims):
        yield f"{demo}: {sentence}: {DEMOS}/{demo}.c claims no such thing"
    for demo, sentence in sorted(shown & why.keys()):
        yield f"{demo}: {sentence}: it has a change, and a reason why there is none"
    for (demo, sentence), reason in sorted(why.items()):
        if not reason:
            yield f"{demo}: {sentence}: no reason is given"
