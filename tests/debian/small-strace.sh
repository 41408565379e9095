# System calls, followed into children, changed and made to fail; what differs between machines is
# left out.
# Needs: strace python3
cd /tmp || exit 1
strace -o calls -e trace=openat,write,exit_group cat /etc/hostname /nonexistent >/dev/null 2>&1
grep -v -e '\.so' -e locale calls | sed -e 's/0x[0-9a-f]*/ADDRESS/g'
strace -f -o calls -e trace=execve,exit_group,kill -e signal=all \
	sh -c 'true; /bin/true; kill -TERM $$' 2>/dev/null
sed -e 's/^[0-9]* *//' -e 's/ *= / = /' -e 's/0x[0-9a-f]*/ADDRESS/g' \
	-e 's/ADDRESS .* vars .*/ADDRESS) = 0/' -e 's/si_pid=[0-9]*/si_pid=N/' \
	-e 's/kill([0-9]*/kill(N/' -e 's/si_utime=.*}/TIMES}/' calls
strace -o calls -e trace=getppid -e inject=getppid:retval=77 \
	python3 -c 'import os; print(os.getppid())' 2>/dev/null
cat calls
strace -o calls -e trace=openat -e inject=openat:error=EIO -P /etc/hostname cat /etc/hostname 2>&1
grep -c 'EIO.*INJECTED' calls
sleep 100 &
sleeper=$!
strace -o calls -e trace=none -p $sleeper 2>/dev/null &
until grep -q 'TracerPid:.*[1-9]' /proc/$sleeper/status; do sleep 0.1; done
kill -STOP $sleeper
until grep -q 'stopped by SIGSTOP' calls; do sleep 0.1; done
kill -CONT $sleeper
until grep -q -e '--- SIGCONT' calls; do sleep 0.1; done
kill $sleeper
wait
sed -e 's/si_pid=[0-9]*/si_pid=N/' calls
rm -f calls
