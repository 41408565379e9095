#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the page in the browser (`make web`): a folder of static files, and the same as one file.

    scripts/web/build.py --build build --packages .cache/web

build/web/index.html with what it loads, all from there; build/web/pagoda.html holds all of it, and
opens from a disk or a mail. What is large is packed with gzip, which the page undoes itself. The
README beside this says what the parts are.
"""

import argparse
import base64
import gzip
import json
import os
import shutil
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PAGE = os.path.join(HERE, "page")
sys.path.insert(0, os.path.join(ROOT, "scripts/trace"))
import decode
import guide
import view

# In the order in which they need each other.
SCRIPTS = ["files.js", "eye.js", "decode.js", "computer.js", "computers.js", "machine.js",
           "console.js", "stream.js", "lessons.js", "editor.js", "two.js", "exercises.js",
           "guide.js", "main.js"]
STYLES = ["page.css", "guide.css"]
# What works without a page.
HEADLESS = ["eye.js", "decode.js", "computer.js", "machine.js", "stream.js"]
# The thread of the computers.
THREAD = ["eye.js", "decode.js", "computer.js", "worker.js"]
PACKAGES = {"v86": "the PC", "@xterm/xterm": "the terminal", "@xterm/addon-fit": "its size"}


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def read_bytes(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def licenses(packages):
    """Whose work is in the page, and on which terms."""
    parts = ["Pagoda\n\n" + read(ROOT, "LICENSE")]
    for name, what in PACKAGES.items():
        about = json.loads(read(packages, "node_modules", name, "package.json"))
        terms = read(packages, "node_modules", name, "LICENSE")
        parts.append(f"{name} {about['version']}: {what}\n\n{terms}")
    parts.append("tcc, the compiler of the editor: GNU Lesser General Public License\n\n"
                 + read(packages, "../tcc/copyright"))
    parts.append("busybox, a program of the disk image: GNU General Public License, version 2.\n"
                 "Debian's package busybox-static; its source: https://sources.debian.org/src/busybox/\n")
    return ("\n" + "-" * 78 + "\n\n").join(part.strip() + "\n" for part in parts)


def names():
    """What decode.js knows by number, as the kernel's headers and decode.py have it."""
    return "const NAMES = " + json.dumps({
        "kinds": decode.names_of("trace_kind", "TRACE_")[:-1], "groups": decode.groups(),
        "holders": decode.HOLDERS, "tables": decode.TABLES, "rows": decode.ROWS,
        "results": decode.RESULTS, "reasons": decode.REASONS, "states": decode.STATES,
        "calls": list(decode.CALLS.items())}) + ";\n"


def headless():
    """The machine, its events, what they lead to, and the other eye, for a program without a page."""
    return joined(HEADLESS) + read(ROOT, "scripts/trace/viewer/state.js")


def strict(text):
    """A script of ours: names of its own."""
    return f'"use strict";\n(() => {{\n{text}\n}})();\n'


def joined(names_of_files):
    return names() + "\n".join(read(PAGE, name) for name in names_of_files)


def without_maps(text):
    """Where the packages' maps are is nobody's business here: they would be asked for and not found."""
    return "\n".join(line for line in text.split("\n")
                     if not line.startswith("//# sourceMappingURL="))


def data_files(options):
    """What is fetched when it is needed, by name; the page unpacks it."""
    modules = os.path.join(options.packages, "node_modules")
    folder = os.path.join(options.build, "web-parts")
    files = {
        "v86.wasm": read_bytes(modules, "v86/build/v86.wasm"),
        "computer.js": without_maps(read(modules, "v86/build/libv86.js")).encode()
                       + b"\n" + strict(joined(THREAD)).encode(),
        "pagoda.elf": read_bytes(folder, "pagoda.elf"),
        "root.img": read_bytes(folder, "root.img"),
        "compiler.tar": read_bytes(folder, "compiler.tar"),
        "guide.json": guide.data(),
        "exercises.json": guide.exercises(),
        "memory.html": view.make_live_page().encode(),
    }
    return {name: gzip.compress(content, 9, mtime=0) for name, content in files.items()}


def scripts_and_styles(options):
    """The page's code, by the name of its file."""
    modules = os.path.join(options.packages, "node_modules")
    scripts = {
        "xterm.js": without_maps(read(modules, "@xterm/xterm/lib/xterm.js")),
        "addon-fit.js": without_maps(read(modules, "@xterm/addon-fit/lib/addon-fit.js")),
        "pagoda.js": strict(read(ROOT, "scripts/exercises/sheet.js") + joined(SCRIPTS)),
    }
    styles = {
        "xterm.css": read(modules, "@xterm/xterm/css/xterm.css"),
        "page.css": "\n".join(read(PAGE, name) for name in STYLES),
    }
    return scripts, styles


def fill(parts):
    page = read(PAGE, "index.html")
    for name, text in parts.items():
        page = page.replace(f"@{name}@", text, 1)
    return page


def write_folder(target, options, data, scripts, styles, terms):
    for name, text in {**scripts, **styles, "licenses.txt": terms}.items():
        with open(os.path.join(target, name), "w", encoding="utf-8") as file:
            file.write(text)
    for name, packed in data.items():
        with open(os.path.join(target, name + ".gz"), "wb") as file:
            file.write(packed)
    page = fill({
        "STYLES": "\n".join(f'<link rel="stylesheet" href="{name}">' for name in styles),
        "SCRIPTS": "\n".join(f'<script src="{name}"></script>' for name in scripts),
        "DATA": "",
    })
    with open(os.path.join(target, "index.html"), "w", encoding="utf-8") as file:
        file.write(page)


def write_single(target, data, scripts, styles):
    page = fill({
        "STYLES": "\n".join(f"<style>\n{text}\n</style>" for text in styles.values()),
        "SCRIPTS": "\n".join("<script>\n" + text.replace("</script", "<\\/script") + "\n</script>"
                             for text in scripts.values()),
        "DATA": "\n".join(f'<script type="text/plain" id="file-{name}">'
                          f"{base64.b64encode(content).decode()}</script>"
                          for name, content in data.items()),
    })
    with open(os.path.join(target, "pagoda.html"), "w", encoding="utf-8") as file:
        file.write(page)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build", help="folder with the kernel and programs")
    parser.add_argument("--packages", default=".cache/web", help="folder with node_modules")
    options = parser.parse_args()
    target = os.path.join(options.build, "web")
    shutil.rmtree(target, ignore_errors=True)
    os.makedirs(target)
    data = data_files(options)
    scripts, styles = scripts_and_styles(options)
    terms = licenses(options.packages)
    data["licenses.txt"] = gzip.compress(terms.encode(), 9, mtime=0)
    write_folder(target, options, data, scripts, styles, terms)
    write_single(target, data, scripts, styles)
    size = sum(os.path.getsize(os.path.join(target, name))
               for name in os.listdir(target) if name != "pagoda.html")
    single = os.path.getsize(os.path.join(target, "pagoda.html"))
    print(f"{target}: {size / 1e6:.1f} MB in files, or one file, pagoda.html: {single / 1e6:.1f} MB")


if __name__ == "__main__":
    sys.exit(main())
