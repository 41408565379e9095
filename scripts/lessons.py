#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The lessons of docs/lessons.md, as the page in the browser and tests/host/lessons take them.

    scripts/lessons.py          prints them as JSON

A lesson is a part of the page: `## Title`, a text, and its steps, `### Title`. Of a step

- a block between ``` lines has the command, behind `pagoda:~# `;
- `**Look at** (PLACES): ...` says what to look at in the picture: any of PLACES, with commas;
- `**Question:** ...` is asked, and `**Answer:** N. ...` answers it. The comment behind that says how
  the number is found in what the kernel told while the command ran:

      <!-- answer: count fault.row row=ANON_COPY -->

  `count KIND FIELD=VALUE...` how many events of a kind there were with these fields;
  `distinct FIELD of KIND FIELD=VALUE...` how many values the field had in them. Counted is what the
  command's program and its children did, and if the events have an address, only those in the
  memory that the program got by mmap(2), unless the word `anywhere` is there.
- All else is text.
"""

import json
import os
import re
import sys

NAME = "docs/lessons.md"
PAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), NAME)
PROMPT = "pagoda:~# "
PLACES = ("terminal", "sentence", "spaces", "frames", "swap", "walk", "faults")
ERRORS_LEAST = -4095


class BadLesson(Exception):
    pass


def parse_query(text, step=""):
    """The dictionary that answer() takes."""
    words = text.split()
    query = {"text": text, "anywhere": "anywhere" in words, "where": {}}
    words = [word for word in words if word != "anywhere"]
    if words[:1] == ["count"] and len(words) > 1:
        query.update(field=None, kind=words[1])
        rest = words[2:]
    elif words[:1] == ["distinct"] and words[2:3] == ["of"] and len(words) > 3:
        query.update(field=words[1], kind=words[3])
        rest = words[4:]
    else:
        raise BadLesson(f"{step}: no such way to an answer: {text}")
    for word in rest:
        name, equals, value = word.partition("=")
        if not equals:
            raise BadLesson(f"{step}: {word} is not FIELD=VALUE")
        query["where"][name] = json.loads(value) if value in ("true", "false") or value.isdigit() \
            else value
    return query


def add_line(step, line):
    """A line of a step that is not in a block."""
    look = re.match(r"\*\*Look at\*\* \(([a-z, ]+)\): (.*)", line)
    question = re.match(r"\*\*Question:\*\* (.*)", line)
    answer = re.match(r"\*\*Answer:\*\* (\d+)\.\s*(.*)", line)
    query = re.match(r"<!-- answer: (.*) -->", line)
    if look:
        places = look.group(1).replace(" ", "").split(",")
        if not set(places) <= set(PLACES):
            raise BadLesson(f"{step['title']}: the picture has no {places}")
        step.update(places=places, look=look.group(2), open="look")
    elif question:
        step.update(question=question.group(1), open="question")
    elif answer:
        step.update(answer=int(answer.group(1)), why=answer.group(2), open="why")
    elif query:
        step["query"] = parse_query(query.group(1), step["title"])
    elif not line:
        step["open"] = "text"
        step["text"] += "\n"
    else:
        step[step["open"]] += ("" if step["open"] == "text" else " ") + line
        step["text"] += "\n" if step["open"] == "text" else ""


def finished(step):
    """Without what was only for reading; complete, or an error."""
    step.pop("open")
    step["text"] = step["text"].strip()
    if len({name in step for name in ("question", "answer", "query")}) != 1:
        raise BadLesson(f"{step['title']}: question, answer and the way to it belong together")
    if "query" in step and "command" not in step:
        raise BadLesson(f"{step['title']}: a question, and no command whose trace answers it")
    return step


def read(path=PAGE):
    """The lessons: title, id, text, steps (title, text, command, places, look, question, answer, why,
    query: those that it has)."""
    lessons, step, inside = [], None, False
    with open(path, encoding="utf-8") as page:
        for line in page:
            line = line.rstrip("\n")
            if line.startswith("```"):
                inside = not inside
            elif inside and line.startswith(PROMPT):
                if not step or "command" in step:
                    raise BadLesson(f"{line}: a step has one command")
                step["command"] = line[len(PROMPT):]
            elif line.startswith("## "):
                title = line[3:]
                lessons.append({"title": title, "text": "", "steps": [],
                                "id": re.sub(r"[^a-z]+", "-", title.lower()).strip("-")})
                step = None
            elif line.startswith("### ") and lessons:
                step = {"title": line[4:], "text": "", "open": "text"}
                lessons[-1]["steps"].append(step)
            elif step and not inside:
                add_line(step, line)
            elif lessons and not inside:
                lessons[-1]["text"] += line + "\n"
    for lesson in lessons:
        lesson["text"] = lesson["text"].strip()
        lesson["steps"] = [finished(step) for step in lesson["steps"]]
    return lessons


# ---- answers --------------------------------------------------------------------------


class Run:
    """Which events of a trace are of a program, of the processes that it makes, and of its memory.
    The page in the browser has the same: scripts/web/page/lessons.js."""

    def __init__(self, program):
        self.program, self.pids, self.memory = program, set(), []

    def follow(self, event):
        """Must see every event, in order. Whether it is one of the program."""
        kind, pid = event["kind"], event.get("pid")
        if kind == "exec" and event["name"] == self.program:
            self.pids.add(pid)
        elif kind == "fork" and pid in self.pids:
            self.pids.add(event["child"])
        elif kind == "call" and event["name"] == "mmap" and pid in self.pids:
            if not ERRORS_LEAST <= event["result"] < 0:
                self.memory.append((event["result"], event["result"] + event["args"][1]))
        return pid in self.pids and not event.get("irq") and not event.get("snap")

    def in_memory(self, event):
        return "addr" not in event or any(start <= event["addr"] < end
                                          for start, end in self.memory)


def answer(query, events, command):
    """What the events say, which were recorded while the command ran."""
    run, count, values = Run(command.split()[0].rpartition("/")[2]), 0, set()
    for event in events:
        if not run.follow(event) or event["kind"] != query["kind"]:
            continue
        if not query["anywhere"] and not run.in_memory(event):
            continue
        if all(event.get(name) == value for name, value in query["where"].items()):
            count += 1
            values.add(event.get(query["field"]))
    return len(values) if query["field"] else count


if __name__ == "__main__":
    try:
        json.dump(read(), sys.stdout, indent=1)
    except BadLesson as problem:
        sys.exit(f"docs/lessons.md: {problem}")
