# shellcheck shell=bash
# tern encode: lines to rows, roles, and every mistake as one sentence.
TINY=$SOURCE/tests/goldens/tiny
printf 'the dog\n\na cat\r\nthe dog' >texts.txt
expect_silence "$TERN" encode "$TINY" texts.txt --output x.npy --quiet
expect 0 "$TERN" info x.npy --json
expect_line out '"rows":4,"columns":6'

# the last row's bytes are the first one's; the query prompt changes them
row() { tail -c +$((129 + 24 * $2)) "$1" | head -c 24 | od -An -tx4; }
[ "$(row x.npy 0)" = "$(row x.npy 3)" ] || fail "equal texts get different vectors"
[ "$(row x.npy 0)" != "$(row x.npy 2)" ] || fail "different texts get equal vectors"
expect 0 "$TERN" encode "$TINY" texts.txt --output q.npy --role query --quiet
cmp -s x.npy q.npy && fail "--role query changes nothing"
expect 0 "$TERN" encode "$TINY" texts.txt --output one.npy --threads 1 --quiet
cmp x.npy one.npy || fail "one thread gives other bits"

# the first components, normalised again; as many as there are is all of them
expect 0 "$TERN" encode "$TINY" texts.txt --output cut.npy --dim 4 --quiet
expect 0 "$TERN" info cut.npy --json
expect_line out '"rows":4,"columns":4'
expect 0 "$TERN" encode "$TINY" texts.txt --output all.npy --dim 6 --quiet
cmp x.npy all.npy || fail "--dim 6 changes vectors of 6 dimensions"
expect_sentence 1 "$TERN" encode "$TINY" texts.txt --output no.npy --dim 7
expect_line err 'have 6 dimensions'
expect 2 "$TERN" encode "$TINY" texts.txt --output no.npy --dim 0
[ ! -e no.npy ] || fail "a file is left behind"

# to stdout: a line a text in the texts' order, as many as there are whatever the parts are cut like
for i in $(seq 30); do printf '%s\n' "the dog" "a cat sees the red dog" "cat $i"; done >ninety.txt
expect 0 "$TERN" encode "$TINY" ninety.txt --output - --quiet
expect_line out '{"line": 90, "embedding": ['
lines=$(grep -c embedding out)
[ "$lines" = 90 ] || fail "$lines lines of 90"
first() { sed -n "$1p" out | sed 's/.*\[//' | awk -F, '{printf "%.5f %.5f\n", $1, $2}'; }
[ "$(first 1)$(first 4)" = "$(first 4)$(first 88)" ] || fail "equal texts have different vectors"
[ "$(first 1)" != "$(first 2)" ] || fail "different texts have equal vectors"
cp out two
expect 0 "$TERN" encode "$TINY" ninety.txt --output - --quiet --threads 1
cmp -s out two || fail "one thread gives other lines"
! "$TERN" encode "$TINY" ninety.txt --output - --quiet >/dev/full 2>err || fail "a full disk isn't noticed"

# 8 bits: other bits but nearly the same vectors, the same ones for any number of threads
expect 0 "$TERN" encode "$TINY" texts.txt --output int8.npy --precision int8 --quiet
expect 0 "$TERN" encode "$TINY" texts.txt --output int8one.npy --precision int8 --threads 1 --quiet
expect 0 "$TERN" encode "$TINY" texts.txt --output float32.npy --precision float32 --quiet
cmp int8.npy int8one.npy || fail "one thread gives other bits with int8"
cmp x.npy float32.npy || fail "--precision float32 isn't the default"
cmp -s x.npy int8.npy && fail "--precision int8 changes nothing"
numbers() { tail -c +129 "$1" | od -An -v -w4 -tf4; }
paste <(numbers x.npy) <(numbers int8.npy) | awk '{d = $1 - $2; if (d > 0.05 || d < -0.05) exit 1}' ||
    fail "--precision int8 is far off"
expect 2 "$TERN" encode "$TINY" texts.txt --output no.npy --precision int4
expect_line err "float32 or int8"

expect_sentence 1 "$TERN" encode "$TINY" texts.txt --output x.npy
expect_line err "--force"
expect 0 "$TERN" encode "$TINY" texts.txt --output x.npy --force --quiet
cmp x.npy one.npy || fail "the second run gives other bits"

printf 'good\nbad \xff\n' >bytes.txt
expect_sentence 1 "$TERN" encode "$TINY" bytes.txt --output y.npy
expect_line err "bytes.txt:2"
[ ! -e y.npy ] || fail "a file is left behind"
expect 0 "$TERN" encode "$TINY" bytes.txt --output y.npy --invalid-utf8 replace --quiet
: >empty.txt
expect_sentence 1 "$TERN" encode "$TINY" empty.txt --output z.npy
expect_sentence 1 "$TERN" encode "$TINY" none.txt --output z.npy
expect_sentence 1 "$TERN" encode no/model texts.txt --output z.npy
expect_line err "no/model"
expect_sentence 1 "$TERN" encode "$TINY" texts.txt --output none/z.npy
expect 2 "$TERN" encode "$TINY" texts.txt
expect 2 "$TERN" encode "$TINY" texts.txt --output z.npy --role other
expect 2 "$TERN" encode "$TINY" texts.txt --output z.h5
expect 0 "$TERN" encode --help
left=$(find . -name '*.tmp*')
[ -z "$left" ] || fail "left behind: $left"

# A link stays and what it names is written; the texts themselves are never overwritten; --output may be a pipe.
mkdir elsewhere
ln -s elsewhere/v.npy v.npy
expect 0 "$TERN" encode "$TINY" texts.txt --output v.npy --quiet
[ -L v.npy ] || fail "the link is gone"
cmp elsewhere/v.npy one.npy || fail "the file that the link names isn't what was written"
cp texts.txt texts.npy
expect_sentence 1 "$TERN" encode "$TINY" texts.npy --output ./texts.npy --force
expect_line err "the file of texts"
cmp texts.txt texts.npy || fail "the texts were overwritten"
mkfifo pipe.npy
cat pipe.npy >piped.npy &
expect 0 "$TERN" encode "$TINY" texts.txt --output pipe.npy --quiet
wait $!
cmp piped.npy one.npy || fail "other bytes through a pipe"

# Weights that are finite but so large that vectors aren't: refused, nothing written.
cp -r "$TINY" large
header=$(($(od -An -t u8 -N 8 "$TINY/model.safetensors") + 8))
data=$(($(stat -c %s "$TINY/model.safetensors") - header))
{
    head -c "$header" "$TINY/model.safetensors"
    head -c "$data" /dev/zero | tr '\0' '\177'
} >large/model.safetensors
expect 1 "$TERN" encode large texts.txt --output large.npy --quiet
expect_line err "not finite"
[ ! -e large.npy ] || fail "vectors that are not finite were written"

# A tokenizer without special tokens leaves an empty line without any token: each pooling gives it a vector.
for pooling in mean cls max lasttoken; do
    rm -rf bare
    cp -r "$TINY" bare
    sed -i 's/"post_processor": {/"post_processor": null, "unused": {/' bare/tokenizer.json
    printf '{"embedding_dimension": 16, "pooling_mode": "%s"}\n' "$pooling" >bare/1_Pooling/config.json
    expect 0 "$TERN" encode bare texts.txt --output bare.npy --force --quiet
done
