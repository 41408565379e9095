#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each claim of a demo has a change in tests/claims that makes it fail, or a reason why there is
none; and each change can still be made in the sources as they are. That the demos notice, `make
demo-claims` shows."""

import os
import sys

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)
sys.path.insert(0, os.path.join(ROOT, "scripts"))
import changes
import democlaims


def fits(mechanism):
    """What is wrong with the change, or ""."""
    texts = {}
    for edit in mechanism.change.edits:
        if edit.file not in texts:
            with open(edit.file, encoding="utf-8") as file:
                texts[edit.file] = file.read()
        changed = edit.changed(texts[edit.file])
        if changed == texts[edit.file]:
            return f"it changes nothing in {edit.function}"
        texts[edit.file] = changed
    return ""


def results():
    """(what, what is wrong with it or "")"""
    mechanisms = []
    for name in democlaims.mechanism_names():
        try:
            mechanism = democlaims.Mechanism(name)
            yield name, fits(mechanism)
            mechanisms.append(mechanism)
        except (changes.Unfit, OSError) as error:
            yield name, str(error)
    for complaint in democlaims.complaints(mechanisms):
        yield "every claim has a line", complaint
    with_new = 'claim(a, "it is new: %u", b);\n\tclaim(c(d, "x"), "%s", e ? "one " "word" : "two");'
    yield ("a claim is found by its sentence, or by each that it may choose",
           "" if democlaims.in_text("\t" + with_new) == ["it is new: %u", "one word", "two"] else
           str(democlaims.in_text("\t" + with_new)))
    yield ("a sentence is found in what was printed",
           "" if democlaims.pattern("%u of %ld%% went").search("3 of 4% went") else "it is not")


all_results = list(results())
for number, (what, wrong) in enumerate(all_results, 1):
    print(f"{'not ok' if wrong else 'ok'} {number} - {what}" + (f"\n# {wrong}" if wrong else ""))
print(f"1..{len(all_results)}")
sys.exit(any(wrong for _, wrong in all_results))
