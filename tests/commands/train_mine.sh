# Negatives that tern train mines: they are what tern mine writes, the same on any number of threads and after a stop, and
# what can't be is said before the first step.
cp -r "$SOURCE/tests/goldens/tiny" tiny
# Words that the toy model knows.
words=(the dog cat text act)
for i in $(seq 24); do
    a=${words[i % 5]} b=${words[i / 5]} c=${words[i * 7 % 5]} d=${words[i * 3 / 5 % 5]}
    printf '{"anchor": "%s %s %s %s", "positive": "%s %s %s %s"}\n' "$a" "$b" "$a" "$c" "$b" "$d" "$b" "$a"
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
printf '{"_id": "1", "text": "dog dog dog"}\n{"_id": "2", "text": "act the text"}\n' >corpus.jsonl
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
printf '{"_id": "1", "text": "cat act cat"}\n' >corpus.jsonl
expect 1 "$TERN" train corpus.yaml --quiet
expect_line err 'the mined negatives changed'
# Rows that are short are kept or dropped, and counted.
sed 's/num_negatives: 3/num_negatives: 30/' mined.yaml >short.yaml
expect 0 "$TERN" train short.yaml --quiet --json --set output.dir=short
expect_line err 'have fewer than 30 negatives'
expect_sentence 1 "$TERN" train short.yaml --quiet --set output.dir=none --set mine.short_rows=drop
expect_line err 'leaves no row'
[ -e none ] && fail "a folder was made"
# Mined anew while training: other negatives, the same bits from any checkpoint, and a log of audits.
sed 's/^mine: {/mine: {every: 2 epochs, per_row: 2, /; s/epochs: 3/epochs: 6/; s/1.0e-3/2.0e-2/; s/dir: run, /dir: anew, keep: 20, /' mined.yaml >anew.yaml
expect 0 "$TERN" train anew.yaml
expect_line err 'step 12: mined 72 negatives anew'
expect_line err 'step 24: mined 72 negatives anew'
[ "$(wc -l <anew/mining.jsonl)" -eq 2 ] || fail "not two audits: $(cat anew/mining.jsonl)"
anew=$(sum_of anew)
expect 0 "$TERN" train anew.yaml --quiet --threads 1 --set output.dir=anew-one
[ "$anew" = "$(sum_of anew-one)" ] || fail "mined anew, other bits with one thread"
for step in 6 12 14 24 30; do
    rm -rf cut
    cp -r anew cut
    rm -r cut/result.json cut/model
    for file in cut/checkpoints/step-*.h5; do
        number=${file##*-}
        [ "${number%.h5}" -le $step ] || rm "$file"
    done
    expect 0 "$TERN" train anew.yaml --set output.dir=cut
    expect_line err "going on after step $step"
    [ "$anew" = "$(sum_of cut)" ] || fail "mined anew, other bits from step $step on"
    [ "$(wc -l <cut/mining.jsonl)" -eq 2 ] || fail "from step $step on not two audits"
done
# Documents that come into the lists later are known to all that looks at texts: the sampler, a guide's vectors.
mkdir -p set/qrels
for i in $(seq 40); do
    printf '{"_id": "d%d", "text": "%s %s %s"}\n' "$i" "${words[i % 5]}" "${words[i / 8 % 5]}" "${words[i * 3 % 5]}" >>set/corpus.jsonl
done
for i in $(seq 8); do
    printf '{"_id": "q%d", "text": "%s %s"}\n' "$i" "${words[i * 2 % 5]}" "${words[i % 5]}" >>set/queries.jsonl
    printf 'q%d\td%d\t1\n' "$i" "$i" >>judged.tsv
done
(printf 'query-id\tcorpus-id\tscore\n' && cat judged.tsv) >set/qrels/train.tsv
sed 's/file: rows.jsonl/beir: set/; s/every: 2 epochs, per_row: 2/every: 1 epoch/; s/num_negatives: 3/num_negatives: 1/; s/2.0e-2/5.0e-2/' anew.yaml >set.yaml
expect 0 "$TERN" train set.yaml --quiet --set output.dir=set-run
expect 0 "$TERN" train set.yaml --quiet --set output.dir=guided-run --set loss.name=guided --set loss.guide=tiny
expect 0 "$TERN" train anew.yaml --quiet --set output.dir=once --set "mine.every=9 epochs"
[ "$anew" = "$(sum_of once)" ] && fail "mining anew changes nothing"
expect_sentence 1 "$TERN" train anew.yaml --quiet --set output.dir=no --set "mine.every=100 steps"
expect_line err 'counts epochs'
expect_sentence 1 "$TERN" train anew.yaml --quiet --set output.dir=no --set mine.model=tiny
expect_line err 'leave out one of them'
# Rounds: the second mines with the first one's model, and trains the base; what is finished isn't done again.
head -n 8 negatives.jsonl >dev.jsonl
sed 's/^data: {/data: {dev: {file: dev.jsonl}, /; s/^output.*/output: {dir: rounds}\nrounds: 2/' mined.yaml >rounds.yaml
expect 0 "$TERN" train rounds.yaml --json
expect_line err 'round 2 of 2'
grep -q '^{"rounds":\[{.*},{.*}\],"best":[12],"model":"rounds/round-[12]/model"}$' out || fail "not the rounds: $(cat out)"
grep -q 'model: ".*/rounds/round-1/model"' rounds/round-2/recipe.yaml || fail "not mined with the first round's model"
grep -q '^model: ".*/tiny"' rounds/round-2/recipe.yaml || fail "the second round doesn't begin at the base"
cmp -s rounds/round-1/model/model.safetensors rounds/round-2/model/model.safetensors && fail "the second round is the first again"
second=$(sum_of rounds/round-2)
rm -r rounds/round-2
expect 0 "$TERN" train rounds.yaml
[ "$second" = "$(sum_of rounds/round-2)" ] || fail "other bits when the second round is run again"
expect_line err 'rounds/round-1 holds this run, finished'
grep -q '^base  *0\.[0-9]*  *-$' out || fail "no table: $(cat out)"
expect_sentence 1 "$TERN" train from-file.yaml --quiet --set rounds=2 --set output.dir=no
expect_line err 'there is no section mine'
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
