# SPDX-License-Identifier: MIT
"""The guide beside the machine in the browser: each lesson done from first to last by its buttons,
its answers given and checked; every example of the editor compiled and run, and a mistake shown at
its line. In the single file, from the disk.

For `make check-web`, which has made the page."""

import os
import sys
import time

sys.dont_write_bytecode = True
sys.path[:0] = ["scripts", "tests/host", "tests/host/browser"]
import lessons
from shared.built import BUILD
from shared.tap import check, done
from webdriver import Browser

PICTURES = "build/check"
SECONDS = 280   # for a busy machine; what hangs is found by it


def wait(browser, condition, what):
    """Until the condition holds in the page."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if browser.run(f"return Boolean({condition})"):
            return True
        time.sleep(0.02)
    check(False, f"in {SECONDS} s not: {what}")
    return False


def do_step(browser, lesson, at, step):
    """By the buttons that a reader has."""
    name = f"{lesson['id']}/{at + 1}"
    if not wait(browser, f"document.querySelector('#lesson').dataset.step === '{name}'", name):
        return
    if "command" in step:
        browser.click("#lesson-run")
        told = wait(browser, "document.querySelector('#lesson').dataset.ran !== undefined && "
                             "!document.querySelector('#lesson-run').disabled", step["command"])
        text = browser.run("return pagoda.terminal.text()")
        check(told and step["command"] in text.replace("\n", ""), f"{name}: {step['command']}")
        lit = browser.run("return document.body.dataset.lit").split()
        check(sorted(lit) == sorted(step.get("places", [])), f"{name}: {lit} is lit")
    if "question" in step:
        found = browser.run("return document.querySelector('#lesson').dataset.found")
        check(found == str(step["answer"]), f"{name}: the machine counted {found}")
        for wrong in (True, False):
            browser.run("document.querySelector('#lesson-answer').value = arguments[0]",
                        step["answer"] + wrong)
            browser.click("#lesson-question button")
            right = browser.run("return document.querySelector('#lesson-verdict').dataset.right")
            check(right == str(not wrong).lower(), f"{name}: {step['answer'] + wrong} is "
                                                   f"{'not ' * wrong}the answer")


def check_lessons(browser):
    todo = lessons.read()
    for number, lesson in enumerate(todo):
        for at, step in enumerate(lesson["steps"]):
            do_step(browser, lesson, at, step)
            if (number, at) != (len(todo) - 1, len(lesson["steps"]) - 1):
                browser.click("#lesson-next")
    done_steps = browser.run("return pagoda.guide.lessons.done.size")
    asked = sum("question" in step for lesson in todo for step in lesson["steps"])
    check(done_steps == asked, f"{done_steps} of {asked} questions answered")


def run_program(browser):
    browser.run("document.querySelector('#editor').dataset.state = ''")
    browser.click("#program-run")
    wait(browser, "document.querySelector('#editor').dataset.state === 'done'", "the program ends")
    return browser.run("return pagoda.terminal.text()")


def check_editor(browser):
    browser.click("#editor-tab")
    count = browser.run("return document.querySelectorAll('#example-list option').length")
    check(count >= 4, f"{count} examples")
    for number in range(count):
        text = browser.run("""
            const list = document.querySelector("#example-list");
            list.value = arguments[0];
            list.dispatchEvent(new Event("change"));
            return document.querySelector("#program").value;""", number)
        wanted = text.split("prints: ")[1].split(" */")[0]
        check(wanted in run_program(browser), f"the program prints: {wanted}")
    browser.run("""
        const field = document.querySelector("#program");
        field.value = "int main(void)\\n{\\n\\treturn wrong;\\n}\\n";
        field.dispatchEvent(new Event("input"));""")
    run_program(browser)
    message = browser.text("#program-messages .error") or ""
    check(message.startswith("Line 3:") and "wrong" in message, f"the mistake is shown: {message}")
    marked = browser.run("return [...document.querySelectorAll('#line-numbers .error')]"
                         ".map((one) => one.textContent)")
    check(marked == ["3"], f"at its line: {marked}")
    chosen = browser.run("const field = document.querySelector('#program'); return "
                         "field.value.slice(field.selectionStart, field.selectionEnd)")
    check(chosen == "\treturn wrong;", f"which is chosen: {chosen}")
    browser.screenshot(os.path.join(PICTURES, "web-editor.png"))


def check_access(browser):
    """axe-core finds nothing in any part of the guide, light or dark."""
    with open(".cache/web/node_modules/axe-core/axe.min.js", encoding="utf-8") as file:
        browser.run(file.read())
    for theme in ("light", "dark"):
        browser.run("pagoda.setTheme(arguments[0])", theme)
        for tab in ("two", "editor", "exercises", "lessons"):
            browser.click(f"#{tab}-tab")
            if tab == "exercises":
                wait(browser, "document.querySelector('#exercises').dataset.sheet", "a sheet")
            found = browser.run("""
                return axe.run(document.querySelector("#guide")).then(({violations}) =>
                    violations.map(({id, nodes}) => `${id}: ${nodes[0].html}`));""")
            check(not found, f"{tab}, {theme}: axe-core finds {found or 'nothing'}")


def check_saved(browser):
    """In a machine that was saved and opened the editor works, too."""
    browser.run("window.opened = false; pagoda.machine.save().then((saved) => pagoda.open(saved))"
                ".then(() => { window.opened = true; })")
    wait(browser, "window.opened && document.body.dataset.state === 'prompt'", "the saved machine")
    browser.run("""
        const list = document.querySelector("#example-list");
        list.value = 0;
        list.dispatchEvent(new Event("change"));""")
    check("page 9 of 10" in run_program(browser), "the editor works in a saved machine")


def main():
    page = os.path.join(BUILD, "web/pagoda.html")
    os.makedirs(PICTURES, exist_ok=True)
    with Browser() as browser:
        browser.open(page, "#lesson=copy-on-write/2")
        wait(browser, "document.body.dataset.state === 'prompt'", "the prompt")
        wait(browser, "document.body.dataset.guide === 'ready'", "the guide")
        check(browser.run("return document.querySelector('#lesson').dataset.step") ==
              "copy-on-write/2", "a link opens its lesson")
        browser.click("#lesson-run")
        wait(browser, "document.querySelector('#lesson').dataset.ran", "the command")
        browser.screenshot(os.path.join(PICTURES, "web-lesson.png"))
        browser.run("location.hash = '#lesson=a-page-fault-from-the-touch-to-the-retry/1'")
        check_access(browser)
        check_lessons(browser)
        check_editor(browser)
        check_saved(browser)
    done()


if __name__ == "__main__":
    main()
