# For `make qemu GDB=1`, from another terminal: gdb build/pagoda.elf -x scripts/gdb/attach.gdb
# With GDB_PORT=N: gdb build/pagoda.elf -ex 'set $port = N' -x scripts/gdb/attach.gdb
set architecture i386
set confirm off
if $_isvoid($port)
	set $port = 1234
end
eval "target remote localhost:%d", $port
source scripts/gdb/pagoda.py
