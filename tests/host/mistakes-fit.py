#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each mistake of tests/mistakes can still be made in the sources as they are: the function that
it names has the lines that it changes. That the answers name the place, `make mistakes` shows."""

import importlib.machinery
import importlib.util
import os
import sys

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(ROOT)
sys.path.insert(0, os.path.join(ROOT, "scripts"))
loader = importlib.machinery.SourceFileLoader("mistakes", "scripts/mistakes")
mistakes = importlib.util.module_from_spec(importlib.util.spec_from_loader("mistakes", loader))
loader.exec_module(mistakes)

names = sorted(name[:-4] for name in os.listdir(mistakes.FOLDER) if name.endswith(".txt"))
failed = 0
for number, name in enumerate(names, 1):
    try:
        mistake = mistakes.Mistake(name)
        with open(mistake.fields["file"], encoding="utf-8") as file:
            text = file.read()
        wrong = "" if mistake.changed(text) != text else "it changes nothing"
        if not os.path.exists(f"tests/{mistake.fields['test']}.c"):
            wrong = f"there is no test {mistake.fields['test']}"
    except (mistakes.Unfit, OSError) as error:
        wrong = str(error)
    failed += bool(wrong)
    print(f"{'not ok' if wrong else 'ok'} {number} - {name}" + (f"\n# {wrong}" if wrong else ""))
print(f"1..{len(names)}")
sys.exit(1 if failed or not names else 0)
