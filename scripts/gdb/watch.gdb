# Stops at each change of a variable of a program, and shows who did it: `demo gdb` in the guest
# is the program. After attach.gdb, or in `make debug`: source scripts/gdb/watch.gdb

# A program has symbols when it is there: at its first instruction.
pagoda break-exec demo
continue
python gdb.execute(f"pagoda user {gdb.parse_and_eval('$pid()')}")

# The first call of demo_change() that this process makes: now the variable's page is in memory.
thbreak demo_change if $pid() != 0
continue
pagoda watch demo_watched

set $changes = 0
while $changes < 5
	continue
	backtrace 2
	set $changes = $changes + 1
end
delete
