# SPDX-License-Identifier: MIT
"""The answers of scripts/exercise, found again by another way.

Here an address is a text of binary digits, cut from the left, and memory is bytes, as the sheet's
JSON has them; the scripts compute with shifts and whole entries. The known example is also
compared with what the lecture should have said. Then what is made of a sheet: the same seed gives
the same one, GIFT accepts what is right, a page asks the network for nothing and, in Chromium,
goes step by step forward and back.
"""

import html.parser
import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, "tests/host/browser")
from shared.tap import check, done
from webdriver import Browser

MACHINES = ["14-bit", "i386", "pae", "x86-64",
            "address=20 page=256 physical=16 levels=2 entry=4 flags=PWU tlb=8/2",
            "address=30 page=1024 physical=24 levels=4 entry=4 tlb=4/4",
            "address=10 page=16 physical=9 levels=1 entry=1 flags=P tlb=4/1",
            "address=39 page=4096 physical=44 split=9,9,9 entry=8 flags=PWUADX pointer=64"]
NOT_MACHINES = ["address=14", "address=14 page=60 physical=12 entry=2", "arm64",
                "address=32 page=4096 physical=32 levels=5 entry=4",
                "address=14 page=64 physical=12 entry=1 flags=PWUAD",
                "address=32 page=4096 physical=32 split=10,11 entry=4",
                "address=14 page=64 physical=12 entry=2 tlb=6/4"]
SEEDS = 6
X86_FLAGS = {"P": 0, "W": 1, "U": 2, "A": 5, "D": 6}


def run(*words):
    return subprocess.run(["scripts/exercise", *words], capture_output=True, text=True, check=False)


class Toy:
    """A machine and its memory, as the sheet tells them."""

    def __init__(self, sheet):
        self.sheet, self.__dict__ = sheet, {**sheet["machine"], "sheet": sheet}
        self.bytes = {int(place): byte for place, byte in sheet["memory"].items()}

    def digits(self, address):
        return format(address, f"0{self.pointer}b")

    def cut(self, address):
        """The indices and the offset, as texts of binary digits."""
        text, parts = self.digits(address)[self.pointer - self.address:], []
        for width in [*self.split, self.offset]:
            parts.append(text[:width])
            text = text[width:]
        return parts

    def entry_at(self, place):
        """The bits of an entry, the highest first."""
        return "".join(format(self.bytes.get(place + n, 0), "08b")
                       for n in reversed(range(self.entry)))

    def bit(self, entry, flag):
        return entry[-1 - self.flags[flag]] == "1" if flag in self.flags else flag != "X"

    def walk(self, address):
        """(the places of the entries read, the frame's bits or None, what all entries allow)"""
        *indices, _ = self.cut(address)
        width, table, places = self.physical - self.offset, self.sheet["root"], []
        allowed = {"W", "U", "F"}
        for index in indices:
            places.append(table + int(index, 2) * self.entry)
            entry = self.entry_at(places[-1])
            if not self.bit(entry, "P"):
                return places, None, allowed
            allowed -= {flag for flag in "WU" if not self.bit(entry, flag)}
            allowed -= {"F"} if self.bit(entry, "X") else set()
            frame = entry[len(entry) - self.shift - width:len(entry) - self.shift]
            table = int(frame + "0" * self.offset, 2)
        return places, frame, allowed

    def translate(self, address, access):
        text = self.digits(address)
        if len(set(text[:self.pointer - self.address + 1])) != 1:
            return "not canonical"
        _, frame, allowed = self.walk(address)
        if frame is None:
            return "not present"
        wanted = {"read": "U", "write": "UW", "fetch": "UF"}[access]
        if not set(wanted) <= allowed:
            return "forbidden"
        return int(frame + self.cut(address)[-1], 2)

    def tlb(self, addresses):
        """When each page was used last; of a set those used last are there."""
        used, told = {}, ""
        for now, address in enumerate(addresses):
            page = int("".join(self.cut(address)[:-1]), 2)
            same = sorted((time for other, time in used.items() if other % self.sets ==
                           page % self.sets), reverse=True)[:self.ways]
            if used.get(page) in same:
                told += "H"
            elif isinstance(self.translate(address, "read"), str):
                told += "F"
                continue
            else:
                told += "M"
            used[page] = now
        return told


# ---- each kind of question -------------------------------------------------------------


def size_answer(toy, question):
    pages = {"together": 1, "apart": question.get("pages")}.get(question["what"])
    if question["what"] == "entries":
        return str(len([None] * 2 ** toy.split[-1]))
    if question["what"] == "flat":
        return str(toy.entry * 2 ** sum(toy.split))
    tables = [1] * (len(toy.split) - 1) + [pages]
    page = 2 ** toy.offset
    return str(sum(n * ((2 ** bits * toy.entry + page - 1) // page) * page
                   for n, bits in zip(tables, toy.split)))


def fill_answer(toy, question):
    """The bits put where the machine says, one by one."""
    text = ["0"] * 8 * toy.entry
    for flag in question["flags"]:
        text[-1 - toy.flags[flag]] = "1"
    for n, bit in enumerate(reversed(format(question["frame"], "b"))):
        text[-1 - toy.shift - n] = bit
    return int("".join(text), 2)


def answer_of(toy, question):
    """What the answer should be, a number or words."""
    kind = question["kind"]
    if kind == "split":
        return ",".join(str(int(part, 2)) for part in toy.cut(question["address"]))
    if kind == "translate":
        return toy.translate(question["address"], question["access"])
    if kind == "entry":
        return toy.walk(question["address"])[0][-1]
    if kind == "fill":
        return fill_answer(toy, question)
    if kind == "size":
        return size_answer(toy, question)
    return toy.tlb(question["addresses"])


def same(given, expected):
    return given == expected if isinstance(expected, str) else int(given, 16) == expected


def check_machine(words, seen):
    wrong = []
    for seed in range(1, SEEDS + 1):
        made = run(*words.split(), "--seed", str(seed), "--format", "json")
        if made.returncode:
            wrong.append(made.stderr)
            continue
        sheet = json.loads(made.stdout)
        toy = Toy(sheet)
        for question in sheet["questions"]:
            expected = answer_of(toy, question)
            seen.add((question["kind"], str(expected) if expected in (
                "not present", "forbidden", "not canonical") else "an answer"))
            if not same(question["answer"], expected):
                wrong.append(f"seed {seed}: {question['words']} {question['answer']}, "
                             f"not {expected}")
    check(not wrong, f"{words}: {SEEDS} sheets, every answer found again")
    for line in wrong[:5]:
        print("# " + line)


def check_known():
    """What is so, from elsewhere: the lecture's example, and the sizes that the manuals have."""
    sheet = json.loads(run("14-bit", "--format", "json").stdout)
    known = [question["answer"] for question in sheet["questions"]
             if question.get("address") == 0x96]
    check(known == ["0x4d6"], "14 bits: 0x0096 in page 2, frame 0x13, is 0x4d6")
    for name, entries, flat in (("i386", 1024, 4 << 20), ("pae", 512, 8 << 20),
                                ("x86-64", 512, 512 << 30)):
        sheet = json.loads(run(name, "--kinds", "size", "--format", "json").stdout)
        answers = {question["what"]: question["answer"] for question in sheet["questions"]}
        check(answers["entries"] == str(entries) and answers["flat"] == str(flat),
              f"{name}: {entries} entries in a table, {flat} bytes of flat one")
    flags = json.loads(run("i386", "--format", "json").stdout)["machine"]["flags"]
    check(flags == X86_FLAGS, "i386: flags where the processor has them")


def gift_answers(text):
    """[the answers that each question of a GIFT file accepts]"""
    found = []
    for question in re.split(r"\n\n(?=::)", text)[1:]:
        body = re.search(r"(?<!\\)\{(.*?)####", question, re.DOTALL).group(1)
        plain = re.sub(r"\\([~=#{}:])", r"\1", body)
        found.append([plain[1:]] if plain.startswith("#") else
                     [answer.strip() for answer in plain.removeprefix("=").split(" =")])
    return found


def check_gift(words):
    gift = run(*words.split(), "--format", "gift").stdout
    sheet = json.loads(run(*words.split(), "--format", "json").stdout)
    answers = gift_answers(gift)
    check(len(answers) == len(sheet["questions"]) and all(
        question["answer"] in accepted for question, accepted in zip(sheet["questions"], answers)),
        f"{words}: GIFT has all {len(answers)} questions, and accepts what is right")
    kinds = [question["kind"] for question in sheet["questions"]]
    rows = [(accepted, question["answer"]) for kind, accepted, question in
            zip(kinds, answers, sheet["questions"]) if kind in ("split", "tlb")]
    check(rows and all({answer.replace(",", ", "), " ".join(answer)} & set(accepted[1:])
                       for accepted, answer in rows),
          f"{words}: also with a space behind each comma or letter, as people write it")
    bare = re.sub(r"\\[~=#{}:]", "", gift)
    check(bare.count("{") == bare.count("}") == len(answers), f"{words}: its braces are in pairs")


class Requests(html.parser.HTMLParser):
    """What a page would load, and how many questions it has."""

    def __init__(self):
        super().__init__()
        self.loads, self.questions = [], 0

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.loads += [attrs[name] for name in ("src", "href", "action") if name in attrs]
        self.questions += attrs.get("class") == "question"


def check_page(words, folder):
    path = os.path.join(folder, words.split()[0] + ".html")
    made = run(*words.split(), "--format", "html", "--out", path)
    check(made.returncode == 0, f"{words}: a page")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    page = Requests()
    page.feed(text)
    count = len(json.loads(run(*words.split(), "--format", "json").stdout)["questions"])
    check(page.questions == count and not page.loads and "//" not in re.sub(r"</?\w+>", "", text)
          and "<!-- " not in text, f"{words}: it has {count} questions and loads nothing")
    return path


SHOWN = "return [...document.querySelectorAll('.question')[2].querySelectorAll('li,.answer')]" \
    ".filter((step) => !step.hidden).length"
PRESS = "document.querySelectorAll('.question')[2].querySelector('.{}').click()"
TYPE = "const q = document.querySelectorAll('.question')[2];" \
    "q.querySelector('input').value = '{}';" \
    "q.querySelector('.look').click(); return q.querySelector('output').textContent"


def check_steps(path):
    """The third question, the lecture's example, in a browser."""
    if Browser.missing():
        print(f"# no {Browser.missing()}: the page is not stepped through")
        return
    with Browser() as browser:
        browser.open(path)
        shown = [browser.run(SHOWN)]
        for button in ("next", "next", "back", "next", "next", "back", "back", "back", "back"):
            browser.run(PRESS.format(button))
            shown.append(browser.run(SHOWN))
        check(shown == [0, 1, 2, 1, 2, 3, 2, 1, 0, 0], f"steps go forward and back: {shown}")
        told = [browser.run(TYPE.format(words)) for words in ("0x4d6", " 4D6", "0x29", "")]
        check(told == ["Right.", "Right.", "Not so.", ""], f"answers are checked: {told}")


def main():
    seen = set()
    for words in MACHINES:
        check_machine(words, seen)
    for answer in ("not present", "forbidden", "not canonical", "an answer"):
        check(("translate", answer) in seen, f"among what translates to: {answer}")
    check_known()
    for words in NOT_MACHINES:
        made = run(*words.split())
        check(made.returncode == 1 and made.stderr.startswith("exercise: ") and
              "Traceback" not in made.stderr, f"no machine: {words}: {made.stderr.strip()[:70]}")
    texts = {run("pae", "--seed", seed).stdout for seed in ("3", "3", "4")}
    check(len(texts) == 2, "a seed gives the same sheet, another one another")
    whole, without = run("pae").stdout, run("pae", "--answers", "no").stdout
    check(whole.startswith(without.rstrip()) and "Answers" not in without,
          "the sheet goes alone, too")
    with tempfile.TemporaryDirectory(prefix="pagoda-exercise-") as folder:
        for words in MACHINES[:5]:
            check_gift(words)
        pages = [check_page(words, folder) for words in MACHINES[:4]]
        check_steps(pages[0])
    done()


if __name__ == "__main__":
    main()
