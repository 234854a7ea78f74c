# shellcheck shell=bash
# Every command that README.md shows in a sh block, run as it stands in a copy of the sources, in order. The two of its
# console blocks are tests of their own: command_slow_quickstart, and test.sh, which runs this one.
need_model
need_data scifact stsb
mkdir clone bin
tar -C "$SOURCE" --exclude=./.git --exclude='./build*' --exclude=./runs -cf - . | tar -C clone -xf -
ln -s "$TERN" bin/tern
PATH=$WORK/bin:$PATH
cd clone
printf 'question,answer\nhow do I reset it?,hold the button\nwhere is it made?,in Graz\n' >faq.csv
printf 'hold the button for ten seconds\nmade in Graz\n' >faq.txt

grep -E '^\$ ' README.md | grep -vxE '\$ \./(quickstart|test)\.sh' && fail "README.md shows a command no test runs"
commands=0
while IFS= read -r line; do
    commands=$((commands + 1))
    # The recipe's whole training is measured in docs/results.md; here three steps show that the command works.
    case $line in
    "tern train "*) line="$line --set train.max_steps=3 --no-eval" ;;
    esac
    echo "$line"
    bash -c "$line" </dev/null >"$WORK/out" 2>"$WORK/err" || fail "$line: $(tail -n 3 "$WORK/err")"
done < <(awk '/^```sh$/ { inside = 1; next } /^```/ { inside = 0 } inside' README.md)
[ "$commands" -ge 9 ] || fail "only $commands commands found in README.md"
