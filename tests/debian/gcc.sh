# gcc, make and what they made: a library of one's own, found and shared; python; valgrind finds two faults.
# Needs: gcc make python3 valgrind
cd "$(mktemp -d)"
cat >part.c <<'END'
int square(int n) { return n * n; }
END
cat >main.c <<'END'
#include <stdio.h>
#include <stdlib.h>
int square(int);
int main(void) { int *p = malloc(8); printf("square: %d\n", square(12)); free(p); return 0; }
END
cat >Makefile <<'END'
all: main static
libpart.so: part.c ; gcc -shared -fPIC -O2 -o $@ $<
main: main.c libpart.so ; gcc -O2 -o $@ main.c -L. -lpart -Wl,-rpath,$(CURDIR)
static: main.c part.c ; gcc -static -o $@ $^
END
make -s && ./main && ./static
make -s && echo nothing to do
gcc -E -dM - </dev/null | wc -l | grep -c .
gcc -c broken.c 2>&1 | tail -1
size main | tail -1 | awk '{ print ($4 > 1000) }'
python3 -c 'print(sum(i * i for i in range(100000)), [x for x in "python" if x > "n"])'
python3 -c 'import sys; d = {i: str(i) for i in range(50000)}; print(len(d), d[4711], sys.byteorder)'
cat >faults.c <<'END'
#include <stdlib.h>
int main(void) { char *p = malloc(10); p[10] = 1; int r = p[3] ? 1 : 0; free(p); return r; }
END
gcc -g -O0 -o faults faults.c && valgrind ./faults 2>&1 | grep -E 'Invalid write|uninitialised|ERROR SUMMARY' | sed 's/==[0-9]*== //'
