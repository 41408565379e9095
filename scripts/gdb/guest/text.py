# SPDX-License-Identifier: MIT
"""Commands and what they print: tables that line up, flags as words, errors in words."""

import gdb

from guest.memory import forget

COMMANDS = []  # (usage, first line of the explanation), in the order of definition


class Pagoda(gdb.Command):
    """Look at Pagoda's memory; `pagoda help` lists what there is."""

    def __init__(self):
        super().__init__("pagoda", gdb.COMMAND_DATA, prefix=True)


Pagoda()


def command(usage, whole=False, completion=gdb.COMPLETE_EXPRESSION):
    """Makes the function that follows `pagoda USAGE`. It gets the words after the command's
    name as a list or, with `whole`, as one string; its docstring is the command's help."""
    name = usage.split()[0]

    def define(function):
        text = function.__doc__

        class Command(gdb.Command):
            __doc__ = f"pagoda {usage} -- {text}"

            def __init__(self):
                super().__init__("pagoda " + name, gdb.COMMAND_DATA, completion)

            def invoke(self, argument, from_tty):
                forget()
                try:
                    function(argument.strip() if whole else gdb.string_to_argv(argument))
                except gdb.MemoryError as error:
                    raise gdb.GdbError(f"pagoda {name}: {error}") from None

        Command()
        COMMANDS.append((usage, text.splitlines()[0]))
        return function
    return define


def table(headings, rows):
    """Prints columns, each as wide as its widest cell; numbers to the right."""
    rows = list(rows)
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *cells)]
    right = [bool(rows) and all(isinstance(row[i], int) for row in rows)
             for i in range(len(headings))]
    for line in [list(headings)] + cells:
        print("  ".join(cell.rjust(width) if number else cell.ljust(width)
                        for cell, width, number in zip(line, widths, right)).rstrip())


def lines(pairs):
    """Prints a name and what it is on each line."""
    pairs = list(pairs)
    width = max(len(name) for name, _ in pairs)
    for name, text in pairs:
        print(f"{name:<{width}}  {text}".rstrip())


def words(value, names):
    """A word's flags: those of names, {bit: word}, that are set."""
    return " ".join(word for bit, word in names.items() if value & bit)


def counted(number, noun):
    return f"{number} {noun}" + ("" if number == 1 else "s")


def address_of(text):
    """The value of an expression, as an address."""
    try:
        return int(gdb.parse_and_eval(f"(unsigned long) ({text})")) & 0xFFFFFFFF
    except gdb.MemoryError as error:
        raise gdb.GdbError(f"{text} cannot be read now: {error}; its page is not in memory, or "
                           "another process runs (`pagoda in PID ...`)") from None
    except gdb.error as error:
        raise gdb.GdbError(f"{text} is no address: {error}") from None


def number_of(text, what):
    try:
        return int(text, 0)
    except ValueError:
        raise gdb.GdbError(f"{text} is no {what}") from None
