# SPDX-License-Identifier: MIT
"""Finds the places of a C source where one thing can be made wrong, and writes the source with
all of them in it, each switched on by its number.

    a < b           a <= b, and the other comparisons likewise
    a == b          a != b, and the reverse
    a && b, a || b  a
    if (a)          if (!a)
    8, PAGE_SIZE    one more
    a + b           a - b, and the reverse
    f(a);           nothing

MUTANT(n) is 1 if the mutant of that number is switched on, else 0. It is added in a way that
needs no parser: an arithmetic that changes nothing while it is 0, put beside one operator. Where
that does not compile, there is no mutant (scripts/mutants drops it).
"""

import re

TOKEN = re.compile(r"""
    (?P<space>\s+|/\*.*?\*/|//[^\n]*)
  | (?P<directive>^[ \t]*\#(?:\\\n|[^\n])*)
  | (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
  | (?P<number>\d[\w.]*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<sign>->|\+\+|--|<<=|>>=|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|\.\.\.|[^\s\w])
""", re.X | re.S | re.M)

# What says something to people or to tests, and does nothing else.
QUIET = re.compile(r"^(ASSERT\w*|trace_\w+|TRACE_\w+|tracing|vm_count\w*|log_\w+|panic\w*|broken|"
                   r"LIST_FOR\w*|SCOPED_MUTEX|lock_time_\w+|sizeof|offsetof|_?[Ss]tatic_assert)$")
CONTROL = {"if", "while", "for", "switch", "return", "sizeof", "do", "else", "case", "goto"}
OPENING, CLOSING = "([{", ")]}"
NEGATED = {"==": "!=", "!=": "==", "&&": "no right side", "||": "no right side"}
SHIFTED = {"<": ("<=", ""), "<=": ("<", "-"), ">": (">=", "-"), ">=": (">", "")}
# Where the operand of an equality begins, and where one of && and || ends.
BEFORE_EQUALITY = {"&&", "||", "?", ":", "=", "+=", "-=", "|=", "&=", ",", ";", "return", "|", "^"}
AFTER_LOGIC = {"&&", "||", "?", ":", ",", ";"}


class Token:
    def __init__(self, kind, text, start):
        self.kind, self.text, self.start = kind, text, start
        self.end = start + len(text)
        self.mate = None  # of a bracket: the index of the other one
        self.quiet = False


class Place:
    """One mutant: where it is, what it makes of what, and what it inserts."""

    def __init__(self, function, line, text, change, inserts):
        self.function, self.line, self.text, self.change = function, line, text, change
        self.inserts = inserts  # [(position, order, text with {m})]
        self.file, self.number = "", 0

    def key(self):
        """What it is called where a survivor has its reason: no line numbers."""
        return f"{self.file}:{self.function}: {self.text}: {self.change}"


def tokens_of(source):
    tokens = []
    for found in TOKEN.finditer(source):
        if found.lastgroup not in ("space", "directive"):
            tokens.append(Token(found.lastgroup, found.group(), found.start()))
    stack = []
    for index, token in enumerate(tokens):
        if token.kind == "sign" and token.text in OPENING:
            stack.append(index)
        elif token.kind == "sign" and token.text in CLOSING and stack:
            token.mate = stack.pop()
            tokens[token.mate].mate = index
    return tokens


def hush(tokens, first, last):
    for token in tokens[first:last + 1]:
        token.quiet = True


def hush_what_does_nothing(tokens):
    """Arguments of assertions and the like, static data, case labels."""
    for index, token in enumerate(tokens):
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        if token.kind == "name" and QUIET.match(token.text) and after and after.text == "(":
            hush(tokens, index, after.mate)
        elif token.text in ("static", "const", "case"):
            end = index
            while end < len(tokens) and tokens[end].text not in (";", ":"):
                end = tokens[end].mate if tokens[end].text in OPENING else end + 1
            if token.text != "const" or any(t.text == "{" for t in tokens[index:end]):
                hush(tokens, index, min(end, len(tokens) - 1))


def functions(tokens):
    """[(name, index of its first brace, of its last)]"""
    found, index = [], 0
    while index < len(tokens):
        token = tokens[index]
        if token.text == "{" and token.mate is not None:
            before = tokens[index - 1]
            if before.text == ")" and before.mate:
                found.append((tokens[before.mate - 1].text, index, token.mate))
            index = token.mate
        index += 1
    return found


class Finder:
    def __init__(self, source):
        self.source = source
        self.tokens = tokens_of(source)
        self.places = []

    def find(self):
        for name, first, last in functions(self.tokens):
            self.hush_body(first, last)
            for index in range(first + 1, last):
                if not self.tokens[index].quiet:
                    self.look_at(name, index)
        return self.places

    def hush_body(self, first, last):
        body = self.tokens[first:last + 1]
        for token in body:
            if token.mate is not None:
                token.mate -= first
        hush_what_does_nothing(body)
        for token in body:
            if token.mate is not None:
                token.mate += first

    def add(self, function, index, change, *inserts):
        start = self.tokens[index].start
        line = self.source.count("\n", 0, start) + 1
        text = " ".join(self.source.split("\n")[line - 1].split())
        self.places.append(Place(function, line, text, change, inserts))

    def look_at(self, function, index):
        token = self.tokens[index]
        if token.kind == "number" or (token.kind == "name" and self.is_constant(index)):
            self.add(function, index, f"{token.text} is one more",
                     (token.start, 9, "("), (token.end, 0, " + {m})"))
        elif token.text in SHIFTED:
            other, sign = SHIFTED[token.text]
            self.add(function, index, f"{token.text} is {other}",
                     (token.end, 5, f" {sign}{{m}} + "))
        elif token.text in ("==", "!="):
            self.equality(function, index)
        elif token.text in ("&&", "||"):
            self.logic(function, index)
        elif token.text in "+-" and self.is_binary(index):
            other = "-" if token.text == "+" else "+"
            self.add(function, index, f"{token.text} is {other}",
                     (token.end, 5, " ({m} ? -1 : 1) * "))
        elif token.text == "if":
            opening = self.tokens[index + 1]
            closing = self.tokens[opening.mate]
            self.add(function, index, "if not",
                     (opening.end, 0, "{m} ^ !!("), (closing.start, 9, ")"))
        elif token.kind == "name" and self.is_statement_call(index):
            self.add(function, index, f"no {token.text}",
                     (token.start, 0, "{m} ? (void)0 : (void)"))

    def is_constant(self, index):
        """A name in capitals that is no macro with arguments; true and false."""
        text, after = self.tokens[index].text, self.tokens[index + 1].text
        return bool(re.fullmatch(r"[A-Z][A-Z0-9_]+", text)) and text != "NULL" and after != "(" \
            and self.tokens[index - 1].text not in (".", "->", "struct", "enum")

    def is_binary(self, index):
        before = self.tokens[index - 1]
        return before.kind == "number" or before.text in (")", "]") or \
            (before.kind == "name" and before.text not in CONTROL)

    def equality(self, function, index):
        """From the start of its left operand on: M ^ a == b."""
        start = index - 1
        while self.tokens[start].text not in BEFORE_EQUALITY and \
                self.tokens[start].text not in OPENING:
            if self.tokens[start].text == "&" and self.is_binary(start):
                return
            start = (self.tokens[start].mate if self.tokens[start].text in CLOSING else start) - 1
        text = self.tokens[index].text
        self.add(function, index, f"{text} is {NEGATED[text]}",
                 (self.tokens[start + 1].start, 1, "{m} ^ "))

    def logic(self, function, index):
        token = self.tokens[index]
        end = index + 1
        stops = AFTER_LOGIC - {"&&"} if token.text == "||" else AFTER_LOGIC
        while self.tokens[end].text not in stops and self.tokens[end].text not in CLOSING:
            end = (self.tokens[end].mate if self.tokens[end].text in OPENING else end) + 1
        opening = " ({m} || (" if token.text == "&&" else " (!{m} && ("
        self.add(function, index, f"{token.text} without its right side",
                 (token.end, 0, opening), (self.tokens[end - 1].end, 8, "))"))

    def is_statement_call(self, index):
        token, before, after = self.tokens[index], self.tokens[index - 1], self.tokens[index + 1]
        if after.text != "(" or token.text in CONTROL or QUIET.match(token.text):
            return False
        begins = before.text in (";", "{", "}", "else", "do") or \
            (before.text == ")" and self.tokens[before.mate - 1].text in ("if", "while", "for"))
        return begins and self.tokens[after.mate + 1].text == ";"


def places_of(source, file):
    """Of places that would be called the same, the second has ", number 2" at its end."""
    places, seen = Finder(source).find(), {}
    for place in places:
        place.file = file
        key = place.key()
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > 1:
            place.change += f", number {seen[key]}"
    return places


def with_mutants(source, places):
    """The source with all of them in it."""
    inserts = []
    for place in places:
        for position, order, text in place.inserts:
            inserts.append((position, order, place.number, text))
    # At one place what closes comes first, then what opens, the outermost first.
    inserts.sort(key=lambda insert: (insert[0], insert[1], insert[2]))
    pieces, last = [], 0
    for position, _, number, text in inserts:
        pieces += [source[last:position], text.replace("{m}", f"MUTANT({number})")]
        last = position
    return "".join(pieces) + source[last:]
