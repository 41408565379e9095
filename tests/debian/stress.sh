# stress-ng: what asks much of memory, mappings, processes, files, signals, threads and futexes. Each
# must end as on Linux; a figure says how. Not `resources`, which takes all that a disk has left.
# Needs: stress-ng
cd "$(mktemp -d)" || exit 1
for name in bigheap brk mmap mmapfork mmapmany mremap mprotect msync munmap mlock memfd \
	shm stack vm vm-rw vm-segv vm-splice \
	fork vfork clone exit-group \
	futex mutex pthread race-sched \
	dir full link lockf rename \
	sigfd sigq sigsegv signest timer; do
	timeout -s KILL 30 stress-ng --$name 1 --timeout 1s >/dev/null 2>&1
	echo "$name $?"
done
