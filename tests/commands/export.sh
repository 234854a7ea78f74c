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

# Several at once into one folder: one of them is there in the end, whole.
for i in 1 2 3; do
    "$TERN" export "$TINY" served/model --force --quiet >"out.$i" 2>"err.$i" &
done
wait
expect 0 "$TERN" export served/model served/copy --quiet
[ "$(find served -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' ')" = "copy model " ] || fail "served holds $(ls -A served)"

# A file size limit is an error like a full disk, and nothing half-written stays.
(
    ulimit -f 8
    expect_sentence 1 "$TERN" export "$TINY" limited/model
)
[ -z "$(ls -A limited)" ] || fail "limited holds $(ls -A limited)"

# A link to a file that is gone is not taken for a file that was never there.
rm served/copy/modules.json
ln -s gone served/copy/modules.json
expect_sentence 1 "$TERN" info served/copy
expect_line err "modules.json: it is no file, or a link to one that is gone"

# Mixing: with itself a model stays as it is; halves of a flag, other shares and other models are refused.
expect 0 "$TERN" export "$TINY" served/mixed --mix 0.5 --base "$TINY"
cmp served/mixed/model.safetensors served/model/model.safetensors || fail "a model mixed with itself has other weights"
expect 0 "$TERN" export "$TINY" served/mixed --mix=1 --base served/model --force --json
expect_line out '"equal": true'
expect_sentence 2 "$TERN" export "$TINY" served/other --mix 0.5
expect_line err "--mix needs --base"
expect_sentence 2 "$TERN" export "$TINY" served/other --base "$TINY"
expect_line err "--base needs --mix"
expect_sentence 2 "$TERN" export "$TINY" served/other --mix 1.5 --base "$TINY"
expect_line err "from 0 (the base) to 1 (the model)"
expect_sentence 1 "$TERN" export "$TINY" served/other --mix 0.5 --base nothing
[ ! -e served/other ] || fail "a folder is left behind"
cp -r "$TINY" other-pooling
sed -i 's/"mean"/"cls"/' other-pooling/1_Pooling/config.json
expect_sentence 1 "$TERN" export "$TINY" served/other --mix 0.5 --base other-pooling
expect_line err "after the transformer"
