# The embedding store: every command gives the same bytes with it, without it, and after all that may happen to it.
export XDG_CACHE_HOME=$WORK/cache TERN_STORE=64MB
tiny=$SOURCE/tests/goldens/tiny
store=$XDG_CACHE_HOME/tern/vectors/store.h5
for i in $(seq 1300); do
    echo "the dog and cat number $i of text $((i * i))"
done >texts.txt
head -700 texts.txt >some.txt

encode()
{
    expect 0 "$TERN" encode "$tiny" texts.txt --output "$1" --force "${@:2}"
}

encoded_right()
{
    encode x.npy
    cmp x.npy right.npy || fail "vectors differ after: $1"
}

# What is right, without a store. Nothing is written.
TERN_STORE=off encode right.npy
TERN_STORE=off encode right8.npy --precision int8
[ ! -e "$XDG_CACHE_HOME/tern/vectors" ] || fail "TERN_STORE=off wrote something"

# Few texts write nothing; many are found again, with another precision they are not, and --quiet says nothing of it.
expect 0 "$TERN" encode "$tiny" some.txt --output some.npy
[ ! -e "$store" ] || fail "700 short texts are kept"
encoded_right "the first time"
! grep -q "its disk has too little room" err || skip "the disk of \$TMPDIR is too full for a store"
expect_line err "vectors are kept in $store for the next time (TERN_STORE=off: they are not)"
encoded_right "the second time"
expect_line err "1300 of 1300 vectors came from the store"
encode x8.npy --precision int8
! grep -q "came from the store" err || fail "int8 got vectors of float32"
cmp x8.npy right8.npy
expect_silence "$TERN" encode "$tiny" texts.txt --output x.npy --force --quiet
cmp x.npy right.npy

# Evaluation and search: same output.
mkdir -p set/qrels
awk '{printf "{\"_id\": \"d%d\", \"title\": \"\", \"text\": \"%s\"}\n", NR, $0}' texts.txt >set/corpus.jsonl
awk 'NR <= 20 {printf "{\"_id\": \"q%d\", \"text\": \"dog %s\"}\n", NR, $0}' texts.txt >set/queries.jsonl
awk 'BEGIN {print "query-id\tcorpus-id\tscore"} NR <= 20 {printf "q%d\td%d\t1\n", NR, NR}' texts.txt >set/qrels/test.tsv
for how in off 64MB 64MB; do
    TERN_STORE=$how expect 0 "$TERN" eval "$tiny" set --json
    sed 's/"seconds": [^,]*,//' out >"eval-$how"
    TERN_STORE=$how expect 0 "$TERN" search "$tiny" set --query "a dog" --json
    cp out "search-$how"
    cmp eval-off "eval-$how"
    cmp search-off "search-$how"
done
expect_line err "1300 of 1300 vectors came from the store"

# Mining and the base's scores in training.
cat >mine.yaml <<END
model: $tiny
data: {train: {beir: set}, test: {beir: set}}
loss: multiple_negatives_ranking
train: {max_steps: 1, batch_size: 4, memory: 1GB}
output: {dir: run}
mine: {num_negatives: 1, relative_margin: none}
END
for how in off 64MB; do
    TERN_STORE=$how expect 0 "$TERN" mine mine.yaml --output "mined-$how" --set data.train.split=test
    cmp mined-off "mined-$how"
done
expect_line err "1320 vectors came from the store"
# Mining that is killed goes on with what it had encoded, to the bytes of a run that wasn't.
mkdir -p long/qrels
filler=$(printf 'the dog and a cat %.0s' $(seq 60))
awk -v filler="$filler" '{printf "{\"_id\": \"d%d\", \"text\": \"%s %s\"}\n", NR, $0, filler}' texts.txt >long/corpus.jsonl
cp set/queries.jsonl long/
cp set/qrels/test.tsv long/qrels/train.tsv
sed 's/beir: set/beir: long/g' mine.yaml >long.yaml
TERN_STORE=off expect 0 "$TERN" mine long.yaml --output long-right.jsonl
rm -rf "$XDG_CACHE_HOME"
for place in 450 400; do
    TERN_FAULT=store:$place expect 137 "$TERN" mine long.yaml --output long.jsonl
    [ ! -e long.jsonl ] || fail "a killed run wrote its output"
done
expect 0 "$TERN" info "$store" --json
kept=$(sed 's/.*"vectors":\([0-9]*\).*/\1/' out)
((kept > 800 && kept < 900)) || fail "$kept vectors are kept of two killed runs"
expect 0 "$TERN" mine long.yaml --output long.jsonl
expect_line err "$kept of 1320 vectors came from the store"
cmp long.jsonl long-right.jsonl
expect 0 "$TERN" mine long.yaml --output long.jsonl --force
expect_line err "1320 of 1320 vectors came from the store"
cmp long.jsonl long-right.jsonl

for how in off 64MB; do
    TERN_STORE=$how expect 0 "$TERN" train mine.yaml --force --set data.train.split=test
    cp run/base/test.csv "base-$how"
    cmp base-off "base-$how"
done
expect_line err "vectors came from the store"

# Instruction sets have vectors of their own.
TERN_ISA=plain TERN_STORE=off encode plain.npy
TERN_ISA=plain encode x.npy
cmp x.npy plain.npy || fail "another instruction set's vectors were found"
! grep -q "came from the store" err || fail "another instruction set's vectors were found, and were the same"
TERN_ISA=plain encode x.npy
expect_line err "1300 of 1300"

# tern info, of this version and of another, which is begun anew.
expect 0 "$TERN" info "$store" --json
expect_line out '"kind":"embedding store"'
expect_line out '"damaged":0'
printf 9 | dd of="$store" bs=1 seek=7 conv=notrunc status=none
expect_sentence 1 "$TERN" info "$store"
expect_line err "another version"
encoded_right "a store of another version"
encoded_right "a store that was begun anew"
expect_line err "1300 of 1300"

# Damage: a byte in every 997.
size=$(stat -c %s "$store")
for ((at = 3000; at < size; at += 997)); do
    printf '\377' | dd of="$store" bs=1 seek="$at" conv=notrunc status=none
done
encoded_right "damage"
encoded_right "damage, mended"
expect_line err "1300 of 1300"

# Killed at any place of its writing, of a new store and of one that has vectors; what is there after it is used.
for place in 1 2 3 4 500 1302 1303; do
    rm -rf "$XDG_CACHE_HOME"
    TERN_FAULT=store:$place expect 137 "$TERN" encode "$tiny" texts.txt --output x.npy --force
    encoded_right "kill at place $place of a new store"
done
for place in 1 2 700 1300 1301; do
    rm -rf "$XDG_CACHE_HOME"
    encode x8.npy --precision int8
    TERN_FAULT=store:$place expect 137 "$TERN" encode "$tiny" texts.txt --output x.npy --force
    encoded_right "kill at place $place"
    encoded_right "kill at place $place, again"
    expect_line err "1300 of 1300"
done

# kill -9 at random moments, on one store all the time.
rm -rf "$XDG_CACHE_HOME"
for i in $(seq 20); do
    "$TERN" encode "$tiny" texts.txt --output killed.npy --force --quiet --dim $((i % 6 + 1)) &
    sleep "0.0$((RANDOM % 80 + 10))"
    kill -9 $! 2>/dev/null || true
    wait $! || true
done
encoded_right "kill -9 at random moments"
encoded_right "kill -9 at random moments, again"
expect_line err "1300 of 1300"

# Two at once, on an empty store and on a full one.
for round in 1 2; do
    [ "$round" -eq 2 ] || rm -rf "$XDG_CACHE_HOME"
    "$TERN" encode "$tiny" texts.txt --output a.npy --force --quiet &
    "$TERN" encode "$tiny" texts.txt --output b.npy --force --quiet &
    wait
    cmp a.npy right.npy
    cmp b.npy right.npy
done

# A small store is no larger than it may be.
rm -rf "$XDG_CACHE_HOME"
TERN_STORE=64KB encoded_right "a store too small for all"
TERN_STORE=64KB encoded_right "a store too small for all, again"
[ "$(stat -c %s "$store")" -le 65536 ] || fail "the store is larger than its limit"

# A folder that can't be written is done without; a setting that is none is a wrong usage.
rm -rf "$XDG_CACHE_HOME"
echo "a file" >"$XDG_CACHE_HOME"
encoded_right "a folder that can't be made"
TERN_STORE=many expect_sentence 2 "$TERN" encode "$tiny" texts.txt --output x.npy
expect_line err "TERN_STORE=many"
