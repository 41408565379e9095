# bash: arrays, arithmetic, pipes, process substitution, here documents, traps, job control.
# Needs: bash
bash -c '
a=(one two three); echo "${a[@]:1}" "${#a[@]}" $((7 * 6)) "${a[0]^^}"
for i in 3 1 2; do echo $i; done | sort | tr "\n" " "; echo
cat <(echo process) <(echo substitution)
cat <<END
a here document of $((1 + 1)) lines
END
trap "echo trapped" USR1; kill -USR1 $$; echo after
(exit 3); echo status $?
sleep 0.1 & wait $!; echo waited $?
set -o pipefail; false | true; echo pipefail $?
printf "%05.2f %x %q\n" 3.14159 255 "a b"
read -r x y <<<"some words here"; echo "$y"
'
