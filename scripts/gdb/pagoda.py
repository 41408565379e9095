# SPDX-License-Identifier: MIT
"""gdb commands that speak of Pagoda in the words of its headers.

    (gdb) source scripts/gdb/pagoda.py      `make debug` does it
    (gdb) pagoda help

The commands are in the folder guest/; README.md says in which order to read it.
"""

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


import guest.spaces   # ps, areas, walk, page
import guest.frames   # frames, frame, swap, cache
import guest.threads  # threads, locks
import guest.audit    # audit
import guest.program  # user, in, break-exec, break-fault, watch
