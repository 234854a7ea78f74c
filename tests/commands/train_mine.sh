# Negatives that tern train mines: they are what tern mine writes, the same on any number of threads and after a stop, and
# what can't be is said before the first step.
cp -r "$SOURCE/tests/goldens/tiny" tiny
for i in $(seq 24); do
    printf '{"anchor": "question %d about thing %d", "positive": "the answer %d is thing %d"}\n' "$i" $((i % 7)) "$i" $((i % 7))
done >rows.jsonl
cat >mined.yaml <<'END'
model: tiny
data: {train: {file: rows.jsonl}}
loss: multiple_negatives_ranking
train: {batch_size: 4, epochs: 3, memory: 1GB, learning_rate: 1.0e-3}
mine: {num_negatives: 3, relative_margin: none, near_duplicates: 0}
output: {dir: run, checkpoint_every: 2}
END
sum_of() { sha256sum <"$1/model/model.safetensors"; }
expect 0 "$TERN" train mined.yaml --json
expect_line err 'mined 72 negatives for 24 queries: 72 dense'
grep -q '"negatives": 72' run/mining.json || fail "no audit: $(head -c 300 run/mining.json)"
plain=$(sum_of run)
expect 0 "$TERN" train mined.yaml --quiet --threads 1 --set output.dir=one
[ "$plain" = "$(sum_of one)" ] || fail "other bits with one thread"
# The same negatives from a file.
sed '/^mine:/d' mined.yaml >from-file.yaml
expect 0 "$TERN" mine mined.yaml --output negatives.jsonl --quiet
expect 0 "$TERN" train from-file.yaml --quiet --set output.dir=file --set data.train.file=negatives.jsonl
[ "$plain" = "$(sum_of file)" ] || fail "what tern mine writes trains another model"
# Some of them are drawn each epoch.
expect 0 "$TERN" train mined.yaml --quiet --set output.dir=drawn --set mine.per_row=1
[ "$plain" = "$(sum_of drawn)" ] && fail "mine.per_row has no effect"
# Stopped anywhere, it goes on to the same model.
for steps in 3 9; do
    rm -rf stopped
    "$TERN" train mined.yaml --set output.dir=stopped >out 2>err &
    pid=$!
    for _ in $(seq 200); do
        grep -q "^step" err && break
        sleep 0.01
    done
    sleep "0.0$steps"
    kill -9 $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
    expect 0 "$TERN" train mined.yaml --quiet --set output.dir=stopped
    [ "$plain" = "$(sum_of stopped)" ] || fail "other bits after it was killed"
done
# Another corpus gives other negatives: a run doesn't go on with them.
printf '{"_id": "1", "text": "the answer 99 is thing 3"}\n{"_id": "2", "text": "the answer 98 is thing 4"}\n' >corpus.jsonl
cp corpus.jsonl kept.jsonl
sed 's/^mine: {/mine: {corpus: corpus.jsonl, /; s/epochs: 3/epochs: 2000/; s/dir: run/dir: long/' mined.yaml >corpus.yaml
"$TERN" train corpus.yaml >out 2>err &
pid=$!
for _ in $(seq 500); do
    [ -n "$(ls long/checkpoints 2>/dev/null)" ] && break
    sleep 0.02
done
kill -INT $pid
wait $pid || true
printf '{"_id": "1", "text": "the question 12 about thing 5, an answer"}\n' >corpus.jsonl
expect 1 "$TERN" train corpus.yaml --quiet
expect_line err 'the mined negatives changed'
# Rows that are short are kept or dropped, and counted.
sed 's/near_duplicates: 0/near_duplicates: 0, range_max: 2/' mined.yaml >short.yaml
expect 0 "$TERN" train short.yaml --quiet --json --set output.dir=short
expect_line err 'have fewer than 3 negatives'
expect_sentence 1 "$TERN" train short.yaml --quiet --set output.dir=none --set mine.short_rows=drop
expect_line err 'leaves no row'
[ -e none ] && fail "a folder was made"
# What can't be.
expect_sentence 1 "$TERN" train mined.yaml --quiet --set output.dir=no --set loss=cosent
expect_line err 'takes no negatives'
expect_sentence 1 "$TERN" train mined.yaml --quiet --set output.dir=no --set mine.per_row=4
expect_line err 'only 3 negatives are mined'
expect_sentence 1 "$TERN" train mined.yaml --quiet --set output.dir=no --set data.train.negatives_per_row=2
expect_line err 'leave out mine'
expect_sentence 1 "$TERN" train mined.yaml --quiet --set output.dir=no --set mine.second=tiny --set mine.second_does=relabel
expect_line err 'makes no positives'
expect_sentence 1 "$TERN" train mined.yaml --quiet --set output.dir=no --set mine.max_score=-1
expect_line err 'gets a negative'
[ -e no ] && fail "a folder was made"
exit 0
