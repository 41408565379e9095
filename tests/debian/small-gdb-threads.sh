# A debugger and a program with threads: what each does, a variable that they all write, the core of
# one that died; strace of them all.
# Needs: gdb gcc strace
cd "$(mktemp -d)"
cat >threads.c <<'END2'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static pthread_barrier_t barrier;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int shared;
static void descend(int depth)
{
	if (depth) {
		descend(depth - 1);
		return;
	}
	pthread_mutex_lock(&mutex);
	shared++;
	pthread_mutex_unlock(&mutex);
	pthread_barrier_wait(&barrier);
	for (;;)
		pause();
}
static void *run(void *depth)
{
	descend((int)(long)depth);
	return NULL;
}
static void all_there(void)
{
}
int main(int count, char **words)
{
	pthread_t threads[3];
	pthread_barrier_init(&barrier, NULL, 4);
	for (long i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, run, (void *)(i + 1));
	pthread_barrier_wait(&barrier);
	usleep(200000);
	all_there();
	if (count > 1)
		abort();
	printf("%d %s\n", shared, words[0]);
	return 0;
}
END2
gcc -g -O0 -pthread -o threads threads.c || exit 1
# A thread's line or frame of this program, without what differs between machines.
ours() {
	sed -e 's/0x[0-9a-f]*/ADDRESS/g' -e 's/LWP [0-9]*/LWP/g' -e 's/ADDRESS in //' -e 's/  */ /g' |
		grep -e '^Thread' -e 'threads\.c:' -e '^\$' -e ' value = ' -e '"threads"' -e terminated
}
gdb -q -nx -batch -ex 'break all_there' -ex run -ex 'info threads' -ex 'thread apply all bt' \
	-ex 'thread 3' -ex 'frame function descend' -ex 'print depth' -ex 'print shared' \
	-ex 'thread apply all print $_thread' ./threads </dev/null 2>&1 | ours
gdb -q -nx -batch -ex 'watch shared' -ex run -ex continue -ex continue -ex 'print shared' \
	./threads </dev/null 2>&1 | ours | sed 's/^Thread [0-9]/Thread N/'
ulimit -c unlimited
sh -c './threads core'
echo "status $?"
gdb -q -nx -batch -ex 'thread apply all bt' -ex 'print shared' ./threads core </dev/null 2>&1 |
	ours | sed 's/^Thread [0-9]/Thread N/' | sort
strace -f -o calls ./threads && grep -c 'clone3\?(.*CLONE_THREAD' calls
# ltrace stops all threads for each breakpoint, and looks in /proc whether they have.
if [ -x /usr/bin/ltrace ]; then
	ltrace -o calls ./threads && sed 's/0x[0-9a-f]*/ADDRESS/g' calls
fi
