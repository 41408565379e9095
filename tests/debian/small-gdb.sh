# A debugger: a breakpoint, steps, values, a backtrace, and a variable watched in hardware.
# Needs: gdb gcc
cd /tmp || exit 1
cat > debugged.c <<'END'
#include <stdio.h>
#include <signal.h>
#include <string.h>

int total;
struct point { int x, y; } place = {3, 4};

static int twice(int n)
{
	total = n * 2;
	return total;
}

static void note(int signal)
{
	total = signal;
}

int main(int argc, char **argv)
{
	double half = 0.5;
	int sum = 0;
	signal(SIGUSR1, note);
	for (int i = 1; i < 4; i++)
		sum += twice(i);
	raise(SIGUSR1);
	printf("sum %d, %s, %g\n", sum, argc > 1 ? argv[1] : "none", half);
	return 3;
}
END
gcc -g -O0 -o debugged debugged.c || exit 1
gdb -q -nx -batch -ex 'set confirm off' -ex 'break main' -ex 'run argument' -ex next -ex next \
	-ex 'print half' -ex 'print place' -ex 'print place.x + 1' -ex 'break twice' -ex continue \
	-ex 'bt' -ex 'print n' -ex 'info locals' -ex finish -ex 'delete' -ex 'print twice(21)' \
	-ex 'watch total' -ex continue -ex continue -ex 'delete' \
	-ex 'set var place.y = 1000' -ex 'print place' -ex 'info signals SIGUSR1' -ex continue \
	-ex 'print $_siginfo.si_signo' -ex 'signal SIGUSR1' ./debugged </dev/null 2>&1 |
	sed -e 's/0x[0-9a-f]*/ADDRESS/g' -e 's/(process [0-9]*)/(process)/' -e '/^warning:/d' \
		-e '/libthread_db/d' -e 's/^ADDRESS in .*/(in the C library)/'
rm -f debugged debugged.c
