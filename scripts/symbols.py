#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The kernel's symbol table for its own backtraces.

Reads what `nm` prints about a linked kernel on standard input and writes assembler for
kernel/symbols.c on standard output: the functions by ascending address. With empty input
the table is empty; that is what the first of the two links uses.
"""
import sys


def functions(lines):
    """Yields (address, name) of each function, one name an address."""
    seen = set()
    for line in sorted(lines):
        fields = line.split()
        if len(fields) == 3 and fields[1] in "tT" and fields[0] not in seen:
            seen.add(fields[0])
            yield int(fields[0], 16), fields[2]


def main():
    table = list(functions(sys.stdin))
    print('\t.section .symbols, "a"')
    print("\t.balign 4")
    for name in ("count", "addresses", "names", "text"):
        print(f"\t.globl symbol_{name}")
    print(f"symbol_count:\n\t.long {len(table)}")
    print("symbol_addresses:")
    for address, _ in table:
        print(f"\t.long {address:#x}")
    print("symbol_names:")
    offset = 0
    for _, name in table:
        print(f"\t.long {offset}")
        offset += len(name) + 1
    print("symbol_text:")
    for _, name in table:
        print(f'\t.asciz "{name}"')
    print('\t.section .note.GNU-stack, "", @progbits')


main()
