#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The pages of docs/ and every README as web pages (`make docs`), with cmark-gfm of Debian.

    scripts/web/docs.py FOLDER

In the folder: docs/tour.md as tour.html, docs/README.md as index.html, any other page under its
own path; the sources that they name, under source/, line by line; the pictures; a search. Links
lead where they lead in the repository, and what stands between backticks as tests/host/docs-links knows it
(`FILE:NAME`, a file, a test, a demo) leads to the line. All works from a disk, without a server.
"""

import glob
import html
import importlib.machinery
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
STYLE = os.path.join(HERE, "docs.css")
SCRIPT = os.path.join(HERE, "docs.js")
VIEWER_STYLE = os.path.join(ROOT, "scripts/trace/viewer/viewer.css")
PICTURES = (".svg", ".webp", ".png")
CODE = re.compile(r"([\w./-]+\.(?:[chS]|py|gdb)):(\w+)")
PLACES = ("", "tests/", "scripts/")  # what a path between backticks may begin with
ENDS = ("", ".c", ".py")
# What the pages begin with, in the order of docs/README.md's table; the READMEs come behind.
FIRST = ("docs/README.md", "README.md")

FRAME = """<!DOCTYPE html>
<html lang="en" data-theme="system">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>@TITLE@ · Pagoda</title>
<link rel="stylesheet" href="@UP@docs.css">
</head>
<body data-up="@UP@" class="@CLASS@">
<a class="skip" href="#text">To the text</a>
<header>
<p class="home"><a href="@UP@index.html">Pagoda</a></p>
<form role="search" id="search-form">
<input type="search" id="search" placeholder="Search" aria-label="Search the pages"
 autocomplete="off">
</form>
</header>
<div id="found" role="region" aria-label="Found" aria-live="polite" hidden></div>
<div id="columns">
@PAGES@
<main id="text">
@TEXT@
</main>
</div>
<script src="@UP@search.js"></script>
<script src="@UP@docs.js"></script>
</body>
</html>
"""


def load(name, path):
    """A script as a module, whatever it is called."""
    loader = importlib.machinery.SourceFileLoader(name, os.path.join(ROOT, path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def pages():
    """The paths of all pages, in the order in which they are listed."""
    index = re.findall(r"^\| \[[\w.-]+\]\(([\w.-]+)\)", read("docs/README.md"), re.MULTILINE)
    found = list(FIRST) + ["docs/" + name for name in index]
    others = [os.path.relpath(path, ROOT) for path
              in glob.glob(os.path.join(ROOT, "*/**/README.md"), recursive=True)]
    return found + sorted(path for path in others
                          if path not in found and not path.startswith("build"))


def address(path):
    """Where the page, source or picture is in the folder."""
    if path == "docs/README.md":
        return "index.html"
    if path.endswith(".md"):
        return path.removeprefix("docs/")[:-len(".md")] + ".html"
    if path.endswith(PICTURES):
        return "pictures/" + path
    return f"source/{path}.html"


def link(page, path, mark=""):
    """From one file of the folder to another."""
    start = os.path.dirname(address(page)) or "."
    return os.path.relpath(address(path), start) + (f"#{mark}" if mark else "")


def heading_id(words):
    """As GitHub makes it."""
    words = html.unescape(re.sub(r"<[^>]+>", "", words))
    return re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")


def line_of(concepts, path, name):
    """The number of the line that defines the name, or None."""
    lines = read(path).split("\n")
    for number, line in enumerate(lines, 1):
        if re.search(rf"\b{re.escape(name)}\b", line) and concepts.defines_in(line, name):
            return number
    return None


def write(folder, path, text):
    path = os.path.join(folder, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Maker:
    def __init__(self, folder):
        self.folder, self.pages = folder, pages()
        self.concepts = load("check_concepts", "scripts/check-concepts")
        self.sources, self.pictures, self.index = set(), set(), []
        self.titles = {path: self.title(path) for path in self.pages}

    @staticmethod
    def title(path):
        return re.match(r"# (.*)", read(path)).group(1).replace("`", "")

    # ---- links ---------------------------------------------------------------------

    def target(self, page, path, mark=""):
        """The link to a path of the repository, or None if there is no such file."""
        if os.path.isdir(os.path.join(ROOT, path)):
            path = os.path.join(path, "README.md")
        if not os.path.isfile(os.path.join(ROOT, path)):
            return None
        if path.endswith(PICTURES):
            self.pictures.add(path)
        elif path not in self.pages:
            self.sources.add(path)
        return link(page, path, mark)

    def change_link(self, page, match):
        """An href or src of the page."""
        attribute, old = match.groups()
        if re.match(r"[a-z]+:|#", old):
            return match.group(0)
        path, _, mark = html.unescape(old).partition("#")
        new = self.target(page, os.path.normpath(os.path.join(os.path.dirname(page), path)), mark)
        return f'{attribute}="{html.escape(new)}"' if new else match.group(0)

    def code_target(self, page, words):
        """Where the words between backticks lead, or None."""
        code = CODE.fullmatch(words)
        if code and os.path.isfile(os.path.join(ROOT, code[1])):
            line = int(code[2]) if code[2].isdigit() else line_of(self.concepts, *code.groups())
            return self.target(page, code[1], f"L{line}" if line else "")
        demo = re.fullmatch(r"demo ([a-z]+)", words)
        if demo:
            return self.target(page, f"userprog/bin/demo/{demo[1]}.c")
        if not re.fullmatch(r"[\w.-]+(?:/[\w.-]+)+|[\w-]+\.(?:md|py|sh)", words):
            return None
        for place in (*PLACES, os.path.dirname(page) + "/"):
            for end in ENDS:
                path = os.path.normpath(place + words + end)
                if os.path.isfile(os.path.join(ROOT, path)):
                    return self.target(page, path)
        return None

    def link_code(self, page, match):
        new = self.code_target(page, html.unescape(match.group(1)))
        return f'<a href="{html.escape(new)}">{match.group(0)}</a>' if new else match.group(0)

    def with_links(self, page, text):
        """A piece of a page, with links that lead to what is in the folder."""
        text = re.sub(r'\b(href|src)="([^"]*)"', lambda m: self.change_link(page, m), text)
        parts = re.split(r"(<pre>.*?</pre>|<a .*?</a>)", text, flags=re.DOTALL)
        return "".join(part if part.startswith(("<pre", "<a ")) else
                       re.sub(r"<code>([^<]*)</code>", lambda m: self.link_code(page, m), part)
                       for part in parts)

    # ---- pages ---------------------------------------------------------------------

    def text_of(self, page):
        text = subprocess.run(["cmark-gfm", "--unsafe", "-e", "table", page], check=True, cwd=ROOT,
                              text=True, stdout=subprocess.PIPE).stdout
        text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL)
        text = self.with_links(page, text)
        text = re.sub(r"<table>.*?</table>", r'<div class="wide" tabindex="0">\g<0></div>', text,
                      flags=re.DOTALL)
        text = text.replace("<pre>", '<pre tabindex="0">')
        return re.sub(r"<h([1-6])>(.*?)</h\1>",
                      lambda m: f'<h{m[1]} id="{heading_id(m[2])}">{m[2]}</h{m[1]}>', text)

    def list_of_pages(self, page):
        """Beside a page; sources have all the room there is."""
        lines = []
        if page not in self.pages:
            return ""
        for path in self.pages:
            here = ' aria-current="page"' if path == page else ""
            lines.append(f'<li><a href="{link(page, path)}"{here}>{html.escape(self.titles[path])}'
                         "</a></li>")
        return '<nav aria-label="Pages"><ul>' + "\n".join(lines) + "</ul></nav>"

    def put(self, page, title, text, kind):
        up = "../" * address(page).count("/")
        whole = FRAME
        for name, value in (("TITLE", html.escape(title)), ("CLASS", kind),
                            ("PAGES", self.list_of_pages(page)), ("UP", up), ("TEXT", text)):
            whole = whole.replace(f"@{name}@", value)
        write(self.folder, address(page), whole)

    def remember(self, page, text):
        """For the search: what stands under each heading."""
        parts = re.split(r'<h[1-6] id="([^"]*)">(.*?)</h[1-6]>', text)
        for mark, heading, below in zip(parts[1::3], parts[2::3], parts[3::3]):
            def plain(words):
                return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", words)).split())
            self.index.append([address(page) + "#" + mark, self.titles[page], plain(heading),
                               plain(below)])

    def source(self, path):
        lines = read(path).rstrip("\n").split("\n")
        rows = "".join(f'<span class="line" id="L{n}"><a href="#L{n}" aria-label="line {n}">{n}</a>'
                       f"{html.escape(line)}</span>" for n, line in enumerate(lines, 1))
        self.put(path, path, f'<h1>{path}</h1>\n<pre class="source" tabindex="0">{rows}</pre>',
                 "source")

    def make(self):
        for page in self.pages:
            text = self.text_of(page)
            self.remember(page, text)
            self.put(page, self.titles[page], text, "page")
        for path in sorted(self.sources):
            self.source(path)
        for path in self.pictures:
            place = os.path.join(self.folder, address(path))
            os.makedirs(os.path.dirname(place), exist_ok=True)
            shutil.copyfile(os.path.join(ROOT, path), place)
        with open(VIEWER_STYLE, encoding="utf-8") as file:
            colours = file.read().partition("* { box-sizing")[0]
        write(self.folder, "docs.css", colours + open(STYLE, encoding="utf-8").read())
        write(self.folder, "search.js",
              "window.found_in = " + json.dumps(self.index, separators=(",", ":")) + ";\n")
        shutil.copyfile(SCRIPT, os.path.join(self.folder, "docs.js"))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = sys.argv[1]
    shutil.rmtree(folder, ignore_errors=True)
    maker = Maker(folder)
    maker.make()
    print(f"{len(maker.pages)} pages and {len(maker.sources)} sources: {folder}/index.html")


if __name__ == "__main__":
    main()
