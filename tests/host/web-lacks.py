# SPDX-License-Identifier: MIT
"""tests/web/lacks names each program of tests/vm whose machine v86 cannot be, and no program that is
not there: what `make check-web` would find after half an hour."""

import os
import sys

sys.dont_write_bytecode = True
sys.path[:0] = ["scripts", "tests/web"]
import machine
import vm
from shared.tap import check, done

lacks = vm.lacking()
names = [name[:-2] for name in sorted(os.listdir("tests/vm")) if name.endswith(".c")]
without = {name: vm.cannot_be_made(machine.guest_settings(f"tests/vm/{name}.c")) for name in names}
for name in filter(without.get, names):
    check(name in lacks, f"{name}: v86 cannot do {', '.join(without[name])}")
unknown = sorted(set(lacks) - set(names))
check(not unknown, f"each one is a program of tests/vm {unknown}")
done()
