# SPDX-License-Identifier: MIT
"""What the pages name exists: in docs/*.md and in every README.

    [words](path#heading)          the file, and the heading if it is a page; pictures alike
    `FILE:NAME`                    the function, structure, macro or variable, defined there
    `vm/fault.c`, `tests/x.py`     a file of the repository, from its top or beside the page
    `vm/NAME`, `host/NAME`         such a file or folder, or a test, as make check takes it
    `demo NAME`                    a demo of the guest
    `make TARGET`                  a target of the Makefile
    NAME (...) at FILE:...         in a backtrace: the function, defined there (without a number)
    <!-- file: PATH -->            the block below is that file, word for word

And every page of docs/ is in the table of docs/README.md. So are the functions true that the
pictures of docs/fault.md name (CODE in scripts/trace/swimlane.py).
"""

import glob
import importlib.machinery
import importlib.util
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, "tests/host/shared")
import tap

LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"([\w./-]+\.(?:[chS]|py)):(\w+)")
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
FILE = re.compile(r"[\w.-]+(?:/[\w.-]+)+|[\w-]+\.(?:md|py|sh)")
CALL = re.compile(r"\b(\w+) (?:\([^)]*\) )?at ([\w./-]+\.[chS]):\.\.\.")
# What begins a path in the repository; other words with a slash are something else.
TOPS = ("boot", "kernel", "vm", "userprog", "lib", "tests", "scripts", "docs", "host", "fs",
        "bench")
MADE = ("build/",)
YOURS = re.compile(r"NAME\b|\bmine\.")  # what the reader is to write


def load(name, path):
    """A script as a module, whatever it is called."""
    loader = importlib.machinery.SourceFileLoader(name, path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


concepts = load("check_concepts", "scripts/check-concepts")
swimlane = load("swimlane", "scripts/trace/swimlane.py")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def without_blocks(text):
    """The text without its ``` blocks and indented ones, as many lines as before."""
    lines, inside = [], False
    for line in text.split("\n"):
        fence = line.startswith("```")
        inside ^= fence
        lines.append("" if inside or fence or line.startswith("    ") else line)
    return "\n".join(lines)


def headings(path):
    """The names by which a page's headings can be linked to, as GitHub makes them."""
    found = re.findall(r"^#+ (.*)$", without_blocks(read(path)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


def link_fault(page, target):
    """What is wrong with a link, or None."""
    if re.match(r"[a-z]+:", target):
        return None
    name, _, heading = target.partition("#")
    path = os.path.normpath(os.path.join(os.path.dirname(page), name)) if name else page
    if not os.path.exists(path):
        return f"there is no {path}"
    if heading and heading not in headings(path):
        return f"{path} has no heading #{heading}"
    return None


def path_exists(page, name):
    name = name.rstrip("/")
    if "/" not in name:
        return any(not path.startswith("build") for path in glob.glob(f"**/{name}", recursive=True))
    places = (name, os.path.join(os.path.dirname(page), name), os.path.join("tests", name))
    return any(os.path.exists(place + end) or glob.glob(place)
               for place in places for end in ("", ".c", ".py", ".h"))


def span_fault(page, span, known):
    """What is wrong with words between backticks, or None."""
    code = CODE.fullmatch(span)
    if code and not code[2].isdigit():
        path = code[1]
        if not os.path.exists(path):
            return f"there is no {path}"
        return None if concepts.defines(*code.groups()) else f"{path} defines no {code[2]}"
    demo = re.fullmatch(r"demo ([a-z]+)", span)
    if demo:
        return None if demo[1] in known["demos"] else f"there is no demo {demo[1]}"
    target = re.match(r"make ([a-z][a-z-]*)\b", span)
    if target:
        return None if target[1] in known["targets"] else f"there is no target {target[1]}"
    if not FILE.fullmatch(span) or span.startswith(MADE) or YOURS.search(span):
        return None
    if span.split("/")[0] not in TOPS and not span.endswith((".md", ".py", ".sh")):
        return None
    return None if path_exists(page, span) else f"there is no {span}"


def quotes(page, text):
    """Blocks that say which file they are and are not."""
    for path, block in re.findall(r"<!-- file: (\S+) -->\n```\w*\n(.*?)^```$", text,
                                  re.MULTILINE | re.DOTALL):
        if not os.path.exists(path) or read(path) != block:
            yield f"{page}: the block is not {path} as it is"


def faults(page, known):
    text = read(page)
    prose = without_blocks(text)
    for number, line in enumerate(prose.split("\n"), 1):
        wrong = [link_fault(page, target) for target in LINK.findall(line)]
        wrong += [span_fault(page, span, known) for span in SPAN.findall(line)]
        for words in filter(None, wrong):
            yield f"{page}:{number}: {words}"
    for name, path in CALL.findall(text):
        if not os.path.exists(path) or not concepts.defines(path, name):
            yield f"{page}: {path} defines no {name}"
    yield from quotes(page, text)


def pages():
    found = glob.glob("docs/*.md") + glob.glob("docs/decisions/*.md") + ["README.md"]
    found += glob.glob("*/**/README.md", recursive=True)
    return sorted(page for page in set(found)
                  if not page.startswith(MADE) and not re.match(r"build", page))


def main():
    known = {"demos": concepts.demo_rows(),
             "targets": set(re.findall(r"^([a-z][a-z-]*):", read("Makefile"), re.MULTILINE))}
    for page in pages():
        wrong = list(faults(page, known))
        tap.check(not wrong, page)
        for words in wrong:
            print("# " + words)
    index = read("docs/README.md")
    missing = [page for page in glob.glob("docs/*.md")
               if f"]({os.path.basename(page)})" not in index and page != "docs/README.md"]
    index = read("docs/decisions/README.md")
    missing += [page for page in glob.glob("docs/decisions/*.md")
                if f"]({os.path.basename(page)})" not in index and "README" not in page]
    tap.check(not missing, " ".join(["the README beside them lists every page"] + missing))
    missing = [place for place in swimlane.CODE.values() if not concepts.defines(*place.split(":"))]
    tap.check(not missing, " ".join(["the functions in the pictures of docs/fault.md exist"] +
                                    missing))
    tap.done()


if __name__ == "__main__":
    main()
