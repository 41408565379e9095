# SPDX-License-Identifier: MIT
"""scripts/mutantplaces.py: a source with mutants compiles, is what it was without any, and each of
them changes what it says."""

import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, "scripts")
import mutantplaces
from shared.tap import check, done

SOURCE = """
#include <stdbool.h>
#define LIMIT 7
static int calls;
static const int table[] = {1, 2, 3};
static void count(int n)
{
	calls += n;
	calls += n == 3;
	calls += (n < 3) + 2 * (n < 3);
}
int answer(int a, int b, const int *p, const int *q)
{
	static const int quiet = 5;
	if (a < b && p == q) /* 1 < 2 */
		count(b);
	if (p != q || a >= LIMIT)
		return table[1] + quiet - (a & 4 == b);
	while (a-- > 0)
		b += p <= q ? 10 - a : b;
	switch (b) {
	case 4:
		return calls;
	}
	return calls + b;
}
"""

MAIN = """
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char **argv)
{
	static const int some[2];
	chosen = argc > 1 ? atoi(argv[1]) : 0;
	for (int a = -1; a < 10; a++)
		for (int b = -1; b < 10; b++)
			for (int k = 0; k < 4; k++)
				printf("%d %d\\n", answer(a, b, some + k % 2, some + k / 2), calls);
}
"""

HEAD = "static int chosen;\n#define MUTANT(n) (chosen == (n))\n"


def program(folder, source):
    path = os.path.join(folder, "program.c")
    with open(path, "w", encoding="utf-8") as file:
        file.write(HEAD + source + MAIN)
    subprocess.run(["gcc", "-w", "-O0", "-o", path[:-2], path], check=True)
    return path[:-2]


def says(path, mutant):
    return subprocess.run([path, str(mutant)], capture_output=True, check=True).stdout


def main():
    places = mutantplaces.places_of(SOURCE, "answer.c")
    for number, place in enumerate(places):
        place.number = number + 1
    changes = [place.change for place in places]
    with tempfile.TemporaryDirectory(prefix="pagoda-mutants-") as folder:
        as_it_is = says(program(folder, SOURCE), 0)
        mutated = program(folder, mutantplaces.with_mutants(SOURCE, places))
        check(says(mutated, 0) == as_it_is, "without a mutant nothing has changed")
        same = [place.key() for place in places if says(mutated, place.number) == as_it_is]
        print("\n".join(f"# the same: {key}" for key in same))
        check(not same, f"each of {len(places)} mutants changes something")
    check({"< is <=", "== is !=", "no count", "if not", "LIMIT is one more", "+ is -", "- is +",
           "&& without its right side", "|| without its right side", "> is >="} <= set(changes),
          "there is one of each kind")
    check(not any("5" in change for change in changes), "static data is left alone")
    check(len({place.key() for place in places}) == len(places), "each has a key of its own")
    done()


main()
