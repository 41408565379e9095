# SPDX-License-Identifier: MIT
"""The exercises in the page: a sheet is scripts/exercise's of that machine and seed, right answers are
right and wrong ones are not, the steps come one by one; a link leads there. In the single file, from
the disk.

For `make check-web`, which has made the page."""

import json
import os
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path[:0] = ["scripts", "tests/host", "tests/host/browser"]
from shared.built import BUILD
from shared.tap import check, done
from webdriver import Browser

SECONDS = 280   # for a busy machine; what hangs is found by it
# Each question's words, and what the page says of these answers.
ANSWER = """
    return [...document.querySelectorAll("#sheet .question")].map((question, i) => {
        question.querySelector("input").value = arguments[0][i];
        question.querySelector(".look").click();
        return [question.querySelector("p").textContent, question.querySelector("output").textContent];
    })"""
SHOWN = """
    const question = document.querySelector("#sheet .question");
    const steps = [...question.querySelectorAll("li, .answer")];
    question.querySelector("details").open = true;
    const shown = () => steps.filter((step) => !step.hidden).length;
    const press = (name) => { question.querySelector(name).click(); return shown(); };
    return [shown(), press(".next"), press(".next"), press(".back"), press(".back"), press(".back")];"""


def wait(browser, condition, what):
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if browser.run(f"return Boolean({condition})"):
            return
        time.sleep(0.05)
    check(False, f"in {SECONDS} s not: {what}")


def check_sheet(browser, machine, seed):
    name = f"{machine}/{seed}"
    wait(browser, f"document.querySelector('#exercises').dataset.sheet === '{name}'", name)
    told = subprocess.run(["scripts/exercise", machine, "--seed", seed, "--format", "json"],
                          stdout=subprocess.PIPE, check=True, text=True).stdout
    asked = json.loads(told)["questions"]
    right = browser.run(ANSWER, [question["answer"].upper().replace("0X", "0x") for question in asked])
    check([words for words, _ in right] == [question["words"] for question in asked],
          f"{name}: the {len(asked)} questions of scripts/exercise")
    check(all(verdict == "Right." for _, verdict in right), f"{name}: the right answers are right")
    wrong = browser.run(ANSWER, ["7" + question["answer"] for question in asked])
    check(all(verdict == "Not so." for _, verdict in wrong), f"{name}: others are not")
    tables = browser.run("return document.querySelectorAll('#sheet figure').length")
    shown = subprocess.run(["scripts/exercise", machine, "--seed", seed, "--answers", "no"],
                           stdout=subprocess.PIPE, check=True, text=True).stdout
    wanted = len(re.findall(r"^Table of level", shown, re.MULTILINE))
    check(tables == wanted, f"{name}: {tables} tables of {wanted}")


def choose(browser, selector, value):
    browser.run("""
        const list = document.querySelector(arguments[0]);
        list.value = arguments[1];
        list.dispatchEvent(new Event("change"));""", selector, value)


def main():
    with Browser() as browser:
        browser.open(os.path.join(BUILD, "web/pagoda.html"), "#sheet=i386/2")
        wait(browser, "document.body.dataset.guide === 'ready'", "the guide")
        check_sheet(browser, "i386", "2")
        check(browser.run("return !document.querySelector('#exercises').hidden"),
              "a link opens its sheet")
        choose(browser, "#sheet-machine", "pae")
        check_sheet(browser, "pae", "2")
        choose(browser, "#sheet-seed", "5")
        check_sheet(browser, "pae", "5")
        wait(browser, "decodeURIComponent(location.hash).includes('sheet=pae/5')",
             "the link is that of the sheet")
        shown = browser.run(SHOWN)
        check(shown == [0, 1, 2, 1, 0, 0], f"steps go forward and back: {shown}")
    done()


if __name__ == "__main__":
    main()
