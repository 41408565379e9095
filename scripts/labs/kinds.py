# SPDX-License-Identifier: MIT
"""Labs whose submission is no part of the kernel.

kind: tests      programs that shall tell the reference from kernels with a mistake in them
kind: machines   the library by which programs of two machines share memory
kind: finding    for each of ten kernels, the function with the mistake and a test that shows it

The mistakes are changes of one function each, of tests/mistakes: `mistakes:` in the lab names them.
"""

import glob
import os
import random
import re
import secrets
import shlex
import shutil
import subprocess
import tempfile

import guests
import linuxguest
import submission

ANSWER = re.compile(r"^kernel (\d+): *([\w./-]+:\w+) +test: *([\w/-]+)", re.MULTILINE)

# A hand-out has no mistakes: they are the answers.
mistakes = guests.load("mistakes", "scripts/mistakes") if os.path.exists("scripts/mistakes") else None


def build_mistakes(grader, names):
    """A kernel for each mistake; [(mistake, path of its kernel)]"""
    kernels = []
    for number, name in enumerate(names, 1):
        mistake = mistakes.Mistake(name)
        path = os.path.join(grader.tree.path, mistake.fields["file"])
        good = submission.read(path)
        submission.write_if_new(path, mistake.changed(good))
        done = grader.tree.make()
        submission.write_if_new(path, good)
        if done.returncode != 0:
            raise submission.Refused(f"the mistake {name} does not compile")
        kernel = os.path.join(grader.scratch, f"kernel-{number}.elf")
        shutil.copyfile(os.path.join(grader.tree.build, "checked", "pagoda.elf"), kernel)
        kernels.append((mistake, kernel))
    return kernels


def in_order(lab, seed):
    """The lab's mistakes, in the order that a seed gives them."""
    names = lab.fields["mistakes"].split()
    random.Random(f"{lab.name} {seed}").shuffle(names)
    return names


def solution_of(lab, scratch):
    """The folder of a submission that is right, of any kind of lab; made in scratch if it must be."""
    if lab.kind in ("kernel", "machines"):
        return "."
    if lab.kind == "host":
        return os.path.join(lab.folder, "solution")
    if lab.kind == "tests":
        folder = os.path.join(scratch, "tests-handed-in")
        os.makedirs(os.path.join(folder, "tests/vm"))
        for path, name in zip(lab.takes, lab.fields["solution"].split()):
            shutil.copyfile(f"tests/{name}.c", os.path.join(folder, path))
        return folder
    folder = os.path.join(scratch, "answers")
    os.makedirs(folder)
    with open(os.path.join(folder, "answers.txt"), "w", encoding="utf-8") as file:
        for number, name in enumerate(in_order(lab, ""), 1):
            mistake = mistakes.Mistake(name).fields
            print(f"kernel {number}: {mistake['file']}:{mistake['in']} test: {mistake['test']}",
                  file=file)
    return folder


# ---- tests -----------------------------------------------------------------------------


def compile_test(grader, path, text):
    """The student's program, for the guest and for Linux alike; None if it does not compile."""
    folder = os.path.join(grader.tree.build, "mine")
    os.makedirs(folder, exist_ok=True)
    submission.write_if_new(os.path.join(grader.tree.path, path), text)
    program = os.path.join(folder, os.path.basename(path)[:-2])
    for name in ("libuser.a", "uobj/lib/user/crt0.S.o"):
        shutil.copy2(os.path.join(grader.options.build, name), folder)
    flags = submission.read(os.path.join(grader.options.build, "uobj/flags")).split()
    libgcc = subprocess.run([flags[0], "-m32", "-print-libgcc-file-name"], check=True,
                            capture_output=True, text=True).stdout.strip()
    command = [*flags, "-o", program, f"{folder}/crt0.S.o", path, f"{folder}/libuser.a", libgcc]
    return program if grader.run_walled(command, folder).returncode == 0 else None


def passes_on_linux(grader, program):
    """Behind the wall, in a folder of its own that it may write to."""
    folder = os.path.join(grader.tree.build, "mine-scratch")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    words = f"cd {shlex.quote(folder)} && exec {shlex.quote(program)}"
    return grader.run_walled(["sh", "-c", words], folder).returncode == 0


def run_program(grader, program, kernel, out):
    """In a guest of the default machine, whatever the program's comment says of it."""
    test = grader.test_of("vm/zero-fill", kernel, out)
    test.decoy = program
    test.log = os.path.join(grader.scratch, os.path.basename(program) + ".log")
    return test.measure()


def judge_tests(grader, grade, files):
    out = os.path.join(grader.options.out, "consoles", grade.who)
    os.makedirs(out, exist_ok=True)
    reference = os.path.join(grader.scratch, "pagoda.elf")
    shutil.copyfile(os.path.join(grader.tree.build, "checked", "pagoda.elf"), reference)
    good = []
    on_linux = linuxguest.runs_here()
    if not on_linux:
        grade.notes.append(f"{linuxguest.NOT_HERE}, so the tests were not tried on Linux")
    for path, text in files.items():
        if not text.strip():
            continue
        program = compile_test(grader, path, text)
        if not program:
            grade.notes.append(f"{path} does not compile")
        elif on_linux and not passes_on_linux(grader, program):
            grade.notes.append(f"{path} does not pass on Linux, which is right")
        elif (test := run_program(grader, program, reference, out)).wrong:
            grade.notes.append(f"{path} does not pass with the reference: {test.wrong[0]}")
        else:
            good.append((path, program))
    if not mistakes:
        grade.nothing(f"{len(good)} tests count; the kernels with mistakes are not here")
        return
    names = grader.lab.fields["mistakes"].split()
    for item, (_, kernel) in zip(grade.items, build_mistakes(grader, names)):
        item.words = "no test that counts notices it"
        for path, program in good:
            test = run_program(grader, program, kernel, out)
            if test.wrong:
                item.share, item.words = 1.0, f"{path} notices: {test.wrong[0]}"
                break


# ---- finding ---------------------------------------------------------------------------


def kernels_of(grader):
    """[(mistake, kernel)]; a hand-out has the kernels only."""
    if mistakes:
        return build_mistakes(grader, in_order(grader.lab, grader.options.seed))
    count = len(grader.lab.fields["mistakes"].split())
    return [(None, f"kernels/{number}/pagoda.elf") for number in range(1, count + 1)]


def judge_finding(grader, grade, files):
    out = os.path.join(grader.options.out, "consoles", grade.who)
    os.makedirs(out, exist_ok=True)
    answers = {int(number): (place, test) for number, place, test in
               ANSWER.findall("\n".join(files.values()))}
    if not hasattr(grader, "kernels"):
        grader.kernels = kernels_of(grader)
    for number, (mistake, kernel) in enumerate(grader.kernels, 1):
        place, test = grade.items[2 * number - 2:2 * number]
        told = answers.get(number)
        place.words = test.words = "no answer"
        if not told:
            continue
        if mistake:
            place.share = float(told[0] == f"{mistake.fields['file']}:{mistake.fields['in']}")
            place.words = "found" if place.share else f"{told[0]} is as it should be"
        else:
            place.words = "your teacher knows"
        if not os.path.exists(f"tests/{told[1]}.c") or ".." in told[1]:
            test.words = f"there is no test {told[1]}"
            continue
        run = grader.test_of(told[1], kernel, out)
        run.log = os.path.join(grader.scratch, f"find-{number}.log")
        run.measure()
        test.share = float(bool(run.wrong))
        test.words = f"it fails: {run.wrong[0]}" if run.wrong else f"{told[1]} passes"


# ---- two machines ----------------------------------------------------------------------

DEMO = "userprog/bin/demo"
RUNS = ("", "vm.chaos=1", "vm.chaos=2", "vm.chaos=3")


def link_demo(grader, path, decoy):
    """`demo` with the student's object in the place of ours; a decoy's main() never says 0."""
    build, place = grader.options.build, os.path.join(grader.tree.build, "machines")
    flags = submission.read(os.path.join(build, "uobj/flags")).split()
    ours = os.path.join(build, "uobj", path + ".o")
    objects = [name for name in glob.glob(os.path.join(build, "uobj", DEMO, "*.o"))
               if name != ours]
    if decoy:
        main = os.path.join(build, "uobj", DEMO, "main.c.o")
        subprocess.run(["objcopy", "--redefine-sym", "main=claimed", main, f"{place}/main.o"],
                       check=True)
        submission.write_if_new(f"{place}/decoy.c", guests.DECOY)
        objects = [name for name in objects if name != main] + [f"{place}/main.o",
                                                                f"{place}/decoy.c"]
    libgcc = subprocess.run([flags[0], "-m32", "-print-libgcc-file-name"], check=True,
                            capture_output=True, text=True).stdout.strip()
    target = os.path.join(place, "decoy" if decoy else "demo")
    subprocess.run([*flags, "-o", target, f"{build}/uobj/lib/user/crt0.S.o", *objects,
                    f"{place}/mine.o", f"{build}/libuser.a", libgcc], check=True,
                   capture_output=True)
    os.chmod(target, 0o755)
    return target


def compile_library(grader, path, text):
    """The student's object, behind the wall; Refused if it may not be. The warnings."""
    place = os.path.join(grader.tree.build, "machines")
    os.makedirs(place, exist_ok=True)
    submission.write_if_new(os.path.join(grader.tree.path, path), text)
    flags = submission.read(os.path.join(grader.options.build, "uobj/flags")).split()
    flags = [flag for flag in flags if flag not in ("-Werror", "-MD", "-MP")]
    done = grader.run_walled([*flags, "-c", "-o", f"{place}/mine.o", path], place)
    if done.returncode != 0:
        raise submission.Refused(f"it does not compile: {submission.first_error(done.stderr)}")
    names = [{line.split()[-1] for line in subprocess.run(
        ["nm", "-u", name], check=True, capture_output=True, text=True).stdout.splitlines()}
        for name in (f"{place}/mine.o", os.path.join(grader.options.build, "uobj", path + ".o"))]
    if names[0] - names[1]:
        raise submission.Refused(f"{path} uses {', '.join(sorted(names[0] - names[1]))}, which "
                                 "the lab does not need")
    found = submission.NO_NAMES.search(text)
    if found:
        raise submission.Refused(f"{path} has {found.group(0)} in it; the lab needs none")
    return [line for line in done.stderr.splitlines() if "warning:" in line]


def both_pass(grader, program, words):
    """Whether init says, with its word, that the program passed on both machines."""
    folder = tempfile.mkdtemp(prefix="machines-", dir=grader.scratch)
    image, word = os.path.join(folder, "test.img"), secrets.token_hex(16)
    guests.check.machine.copy_sparse(grader.image, image)
    with open(os.path.join(folder, "seal"), "w", encoding="utf-8") as file:
        print(word, file=file)
    for command in (f"write {folder}/seal /etc/seal", "rm /bin/demo", f"write {program} /bin/demo"):
        subprocess.run(["debugfs", "-w", "-R", command, image], check=True, capture_output=True)
    done = subprocess.run(["scripts/dsm", "--build", folder, "--kernel-build", "build/checked",
                           "--cmdline", words], check=False, capture_output=True, text=True)
    return all(f"{name}| sealed: {word} verdict good audit good" in done.stdout for name in "AB")


def judge_machines(grader, grade, files):
    (path, text), = files.items()
    warnings = compile_library(grader, path, text)
    program = link_demo(grader, path, decoy=False)
    for item, words in zip(grade.items, RUNS):
        if words and not grade.items[0].share:
            item.words = "not run: without chaos it does not pass"
            continue
        passed = both_pass(grader, program, words)
        item.share, item.failed = float(passed), not passed
        item.words = "passed on both machines" if passed else "not both machines passed"
    if grade.items[0].share and both_pass(grader, link_demo(grader, path, decoy=True), ""):
        grade.nothing("a program that cannot pass was said to have passed")
    wrong = submission.style(grader.lab, files, ".", warnings)
    grade.items[-1].share = max(0.0, 1 - len(wrong) / 4)
    grade.items[-1].words = "; ".join(wrong) or "no warning, no long function, no long line"
    grade.weigh()
