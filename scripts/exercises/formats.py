# SPDX-License-Identifier: MIT
"""A sheet as text, as a page, as Moodle's GIFT, as JSON."""

import html
import json
import os
import textwrap

from toy import FLAG_WORDS

HERE = os.path.dirname(os.path.abspath(__file__))
WIDTH = 92
RUNNING = [
    "In a guest, `demo walk` cuts an address and shows its entry as things happen to it, and `cat "
    "/proc/self/walk` has every page of a program: directory[INDEX] table[INDEX] -> frame.",
    "Under `make debug T=vm/looked-at`, `pagoda walk own` in gdb shows where each entry lies and "
    "what it is; `x/wx` of the address in the column AT, plus 0xc0000000, is that entry.",
    "`demo drill` asks about a guest's own pages, and the machine has the answers.",
]


# ---- what all of them tell -------------------------------------------------------------


def facts(machine):
    """The machine in sentences."""
    fields = " + ".join(map(str, [*machine.split, machine.offset]))
    yield (f"Virtual addresses of {machine.address} bits ({fields}), pages of {machine.page} "
           f"bytes, physical addresses of {machine.physical} bits.")
    if machine.pointer > machine.address:
        yield (f"Pointers have {machine.pointer} bits: those above bit {machine.address - 1} must "
               "all equal it.")
    yield (f"An entry has {machine.entry} byte{'s' * (machine.entry > 1)}: the frame's number from "
           f"bit {machine.frame_shift} on; " + ", ".join(
               f"{flag} is bit {machine.flag_bit(flag)} ({FLAG_WORDS[flag]})"
               for flag in machine.flags) + ".")
    if machine.levels > 1:
        yield "A right holds if the entries of all levels give it. The program needs U, always."
    elif "U" in machine.flags:
        yield "The program needs U always, and W to write."
    else:
        yield "The program needs W to write." if "W" in machine.flags else \
            "What is present may be read and written."


def tables(sheet):
    """(title, [(index, entry, its flags)]) of each table."""
    machine, memory = sheet.machine, sheet.memory
    for address, (level, first) in sorted(memory.tables.items()):
        count = 1 << machine.split[level]
        rows = [(index, memory.entries[address + index * machine.entry]) for index in range(count)
                if address + index * machine.entry in memory.entries] \
            if count < 1 << 12 else sorted(
                ((place - address) // machine.entry, entry)
                for place, entry in memory.entries.items()
                if address <= place < address + machine.table_bytes(level))
        whose = "the processor begins here" if level == 0 else \
            f"for addresses from {machine.virtual(machine.canonical(first << machine.offset))} on"
        yield (f"Table of level {level + 1} at {machine.real(address)} ({whose}). Entries that are "
               "not listed are 0.", rows)


def title(sheet):
    return f"Translating addresses: machine {sheet.machine.name}, sheet {sheet.seed}"


# ---- text ------------------------------------------------------------------------------


def wrapped(words, first="", rest=""):
    return textwrap.fill(words, WIDTH, initial_indent=first, subsequent_indent=rest,
                         break_long_words=False, break_on_hyphens=False)


def as_text(sheet, answers):
    machine, lines = sheet.machine, [title(sheet), ""]
    if answers != "only":
        lines += [wrapped(words) for words in facts(machine)]
        for words, rows in tables(sheet):
            lines += ["", wrapped(words)]
            lines += [f"  {index:>6} {index:#8x}  {machine.entry_hex(entry)}"
                      for index, entry in rows]
        lines.append("")
        lines += [wrapped(question.words, f"{number:>2}. ", "    ") + "\n"
                  for number, question in enumerate(sheet.questions, 1)]
    if answers != "no":
        lines.append("Answers\n")
        for number, question in enumerate(sheet.questions, 1):
            lines.append(f"{number:>2}. {question.answer}")
            lines += [wrapped(step, "      - ", "        ") for step in question.steps]
        if machine.name == "i386":
            lines += ["", "The same in the running kernel:"]
            lines += [wrapped(words, "  - ", "    ") for words in RUNNING]
    return "\n".join(lines) + "\n"


# ---- GIFT ------------------------------------------------------------------------------


def escaped(words):
    return "".join("\\" + letter if letter in "~=#{}:" else letter for letter in words)


def as_gift(sheet, _):
    """Each question stands alone in Moodle, so each that needs them has the tables in it."""
    machine = sheet.machine
    told = "<p>" + "<br>".join(html.escape(words) for words in facts(machine)) + "</p>"
    shown = "".join(f"<p>{html.escape(words)}</p><pre>" + "\n".join(
        f"{index:>6} {machine.entry_hex(entry)}" for index, entry in rows).replace("\n", "<br>") +
        "</pre>" for words, rows in tables(sheet))
    parts = [f"// {title(sheet)}", f"$CATEGORY: pagoda/{machine.name}", ""]
    for number, question in enumerate(sheet.questions, 1):
        whole = told + (shown if question.kind in ("translate", "entry", "tlb") else "") + \
            f"<p>{html.escape(question.words)}</p>"
        name = escaped(f"{machine.name} {sheet.seed}.{number} {question.kind}: {question.title}")
        if question.kind == "size":
            answer = f"#{question.answer}"
        else:
            answer = " ".join(f"={escaped(words)}" for words in question.accepted)
        steps = escaped("<br>".join(map(html.escape, question.steps)))
        parts.append(f"::{name}::[html]{escaped(whole)}{{{answer}####{steps}}}\n")
    return "\n".join(parts)


# ---- a page ----------------------------------------------------------------------------


def code(words):
    """Words with `code` in them."""
    parts = html.escape(words).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part
                   for number, part in enumerate(parts))


def table_html(machine, words, rows):
    lines = "".join(f"<tr><td>{index}<td>{index:#x}<td>{machine.entry_hex(entry)}" for index, entry
                    in rows)
    return (f"<figure><figcaption>{html.escape(words)}</figcaption><table>"
            f"<tr><th>index<th>hexadecimal<th>entry{lines}</table></figure>")


def question_html(number, question):
    steps = "".join(f"<li>{html.escape(step)}" for step in question.steps)
    accepted = html.escape(json.dumps([words.lower() for words in question.accepted]))
    return (f'<section class="question" data-accepted="{accepted}"><h2>{number}</h2>'
            f"<p>{html.escape(question.words)}</p>"
            f'<p class="try"><label>Answer <input></label> <button class="look">Check</button> '
            f'<output></output></p><details><summary>Steps and answer</summary><ol>{steps}</ol>'
            f'<p class="answer">Answer: <b>{html.escape(question.answer)}</b></p>'
            "</details></section>")


def parts_html(sheet):
    """What a page shows of it, by name."""
    running = ""
    if sheet.machine.name == "i386":
        running = "<h2>The same in the running kernel</h2><ul>" + "".join(
            f"<li>{code(words)}" for words in RUNNING) + "</ul>"
    return {"title": html.escape(title(sheet)),
            "facts": "".join(f"<p>{html.escape(words)}" for words in facts(sheet.machine)),
            "tables": "".join(table_html(sheet.machine, *table) for table in tables(sheet)),
            "questions": "".join(question_html(*pair) for pair in enumerate(sheet.questions, 1)),
            "running": running}


def read(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        return file.read()


def as_html(sheet, _):
    page = read("page.html")
    for name, text in {**parts_html(sheet), "script": read("sheet.js")}.items():
        page = page.replace(f"<!-- {name} -->", text)
    return page


# ---- for programs ----------------------------------------------------------------------


def as_json(sheet, _):
    machine, memory = sheet.machine, sheet.memory
    bytes_of = {str(place + n): entry >> 8 * n & 255 for place, entry in memory.entries.items()
                for n in range(machine.entry)}
    bits = {flag: machine.flag_bit(flag) for flag in machine.flags}
    return json.dumps({
        "machine": {"name": machine.name, "address": machine.address, "pointer": machine.pointer,
                    "offset": machine.offset, "physical": machine.physical, "split": machine.split,
                    "entry": machine.entry, "shift": machine.frame_shift, "flags": bits,
                    "sets": machine.sets, "ways": machine.ways},
        "root": memory.root, "memory": bytes_of,
        "questions": [{"kind": question.kind, "words": question.words, "answer": question.answer,
                       "accepted": question.accepted, "steps": question.steps, **question.facts}
                      for question in sheet.questions]}, indent=1) + "\n"


FORMATS = {"text": as_text, "html": as_html, "gift": as_gift, "json": as_json}
