# The dynamic linker: by hand, with a library that is not there, with one put before, and listed.
/lib/ld-linux.so.2 /bin/true; echo $?
LD_PRELOAD=/nonexistent.so /bin/true 2>&1 | head -1
ldd /bin/ls | sed 's/ (0x[0-9a-f]*)//' | grep -v gate.so | grep -v vdso
LD_TRACE_LOADED_OBJECTS=1 /usr/bin/sort | wc -l | grep -c .
LD_BIND_NOW=1 /bin/echo bound
grep -c 'r-xp.*/libc.so.6' /proc/self/maps
