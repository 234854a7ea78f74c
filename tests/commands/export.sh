# shellcheck shell=bash
# tern export: the folder is written whole, read back and compared; a folder that isn't a model's is kept.
TINY=$SOURCE/tests/goldens/tiny
expect 0 "$TERN" export "$TINY" served/model
expect_line out "equal bit for bit"
for file in modules.json config.json model.safetensors tokenizer.json vocab.txt 1_Pooling/config.json README.md; do
    [ -s "served/model/$file" ] || fail "$file isn't written"
done
expect_sentence 1 "$TERN" export "$TINY" served/model
expect_line err "--force"
expect 0 "$TERN" export served/model served/model --force --json
expect_line out '"equal": true'
mkdir papers && echo text >papers/thesis.tex
expect_sentence 1 "$TERN" export "$TINY" papers --force
expect_line err "thesis.tex"
[ -s papers/thesis.tex ] || fail "a file of the user's is gone"
expect_sentence 1 "$TERN" export nothing served/other
[ ! -e served/other ] || fail "a folder is left behind"
[ "$(ls -A served)" = model ] || fail "served holds $(ls -A served)"
