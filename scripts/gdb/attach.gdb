# For `make qemu GDB=1`, from another terminal: gdb build/pagoda.elf -x scripts/gdb/attach.gdb
set architecture i386
set confirm off
target remote :1234
source scripts/gdb/pagoda.py
