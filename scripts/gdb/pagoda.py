# SPDX-License-Identifier: MIT
"""gdb commands that speak of Pagoda in the words of its headers.

    (gdb) source scripts/gdb/pagoda.py      `make debug` does it
    (gdb) pagoda help

The commands are in the folder guest/; README.md says in which order to read it.
"""

import importlib
import os
import sys

import gdb

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from guest.text import COMMANDS, command, table


@command("help", completion=gdb.COMPLETE_NONE)
def pagoda_help(arguments):
    """this list; `help pagoda NAME` says more of one command"""
    table(["COMMAND", "SHOWS OR DOES"], (["pagoda " + usage, text] for usage, text in COMMANDS))


# Each adds its commands when it is read.
importlib.import_module("guest.spaces")   # ps, areas, walk, page
importlib.import_module("guest.frames")   # frames, frame, swap, cache
importlib.import_module("guest.threads")  # threads, locks
importlib.import_module("guest.audit")    # audit
importlib.import_module("guest.program")  # user, in, break-exec, break-fault, watch
