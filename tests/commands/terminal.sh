# shellcheck shell=bash
# What people see on a terminal fits its width, at every width and while it is resized.
source "$SOURCE/tests/commands/train_toy.bash"
command -v python3 >/dev/null || skip "python3 isn't here; scripts/install-deps.sh brings it"
make_toy
tiny=$SOURCE/tests/goldens/tiny
on_terminal() { expect 0 python3 "$SOURCE/tests/commands/on_pty.py" "$@"; }

# A run that is longer than the test, stopped by Ctrl-C; then one drawing each for terminals that stay as they are.
on_terminal 200,80,40,33,20,33,200 "$TERN" train toy.yaml --set output.dir=long --set train.max_steps=100000 --set eval.every=100000
grep -qE '^ 200 +[0-9]+ \[#*-+\] step +[0-9]+/100000  loss [0-9.]+  rate [0-9.e-]+ +[0-9]+ tokens/s  [0-9:]+ left$' out ||
    fail "not all of a step's line on a wide terminal: $(cat out)"
grep -qE '^  20 +[0-9]+ step +[0-9]+/100000$' out || fail "no step on 20 columns: $(cat out)"
for width in 20 33 40 60 80 200; do
    on_terminal "$width" "$TERN" train toy.yaml --set output.dir="$width"
done

# Hits, tables and figures.
printf 'das längste Wort ist hier nicht das letzte, aber die Zeile ist lang\nzebra\n東京都庁の展望室は四十五階にあり、夜まで開いています。入場は無料です。\n' >lines.txt
printf 'the\tdog\n' >long.tsv
for width in 20 33 40 80; do
    on_terminal "$width" "$TERN" search "$tiny" lines.txt --query "the dog"
    on_terminal "$width" "$TERN" info "$tiny/model.safetensors"
done

mkdir -p set/qrels
printf '{"_id": "d1", "text": "a"}\n' >set/corpus.jsonl
printf '{"_id": "q1", "text": "b"}\n' >set/queries.jsonl
printf 'query-id\tcorpus-id\tscore\nq1\td1\t1\n' >set/qrels/test.tsv
for width in 40 60 80; do
    on_terminal --draws 1000 "$width" "$TERN" eval "$tiny" set
    expect_line out "at_10"
    on_terminal --draws 1000 "$width" "$TERN" selftest --only linear
done
on_terminal --draws 1000 80 "$TERN" eval "$tiny" set
expect_line out "at_1000"
# The widest column gives way, not the last one.
on_terminal --draws 1000 60 "$TERN" info "$tiny/model.safetensors"
expect_line out "16, 40"

# Pages of help: no line is longer than the terminal, and a command that goes on in the next line says so.
for width in 60 80; do
    for page in --help "train --help" "eval --help" "data --help" "data check --help" "help losses" "help loss" "help train.freeze"; do
        # shellcheck disable=SC2086
        on_terminal --draws 1000 "$width" "$TERN" $page
    done
done
on_terminal --draws 1000 60 "$TERN" train --help
# shellcheck disable=SC1003
expect_line out '--set train.seed=1 --set \'

# Where nobody looks nothing is cut: a file has whole lines, whatever COLUMNS says.
COLUMNS=20 expect 0 "$TERN" info "$tiny/model.safetensors"
expect_line out "embeddings.LayerNorm.bias                          F32   16"
COLUMNS=20 expect 0 "$TERN" train toy.yaml --set output.dir=plain
expect_line err "90 rows, 40 steps of 16 rows"
