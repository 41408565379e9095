# GNU coreutils on files: copies with holes and links, sums, sorting, times before 1970, stat.
cd "$(mktemp -d)"
seq 1 20000 >numbers
sha256sum numbers; md5sum <numbers; wc numbers; sort -rn numbers | head -2; shuf -i 1-5 | sort | xargs
cp -a numbers copy; cmp numbers copy && echo same; ln numbers hard; ln -s numbers soft; readlink soft
stat -c '%n %s %h %A %F' numbers hard soft
truncate -s 1M sparse; cp --sparse=always sparse sparse2; stat -c '%s %b' sparse2
touch -d '1960-05-04 03:02:01 UTC' old; date -u -d @"$(stat -c %Y old)" +%F; rm old
mkdir -p a/b/c; touch a/b/c/file; find a | sort; mv a z; ls -R z; rm -r z
ls -l --time-style=+ numbers | cut -d' ' -f1,2,5-
dd if=numbers of=part bs=100 skip=3 count=2 status=none; cat part | od -c | head -2
tail -c 20 numbers | tac; split -n 3 numbers; wc -c xa?; paste -d, <(head -2 numbers) <(tail -2 numbers) 2>/dev/null || echo no process substitution
du -b --apparent-size numbers; df -P . | wc -l; expr 6 \* 7; factor 1234567890; numfmt --to=iec 123456
timeout 0.2 sleep 5; echo $?; env -i A=b env; nice -n 5 nice; id -u; tty </dev/null; stdbuf -oL echo buffered
