# shellcheck shell=bash
# A run that is struck dead and goes on ends with the bits of one that wasn't.
source "$SOURCE/tests/commands/train_toy.bash"
make_toy
options=(--set "output.keep=2" --quiet)
expect 0 "$TERN" train toy.yaml --set output.dir=whole "${options[@]}"
wanted=$(weights_of whole)

# Killed at places inside the writing of a checkpoint, of best.h5 and of the model; some runs several times.
for faults in checkpoint:1 checkpoint:3 checkpoint:60 checkpoint:70 checkpoint:150 "checkpoint:180 checkpoint:2" \
    "checkpoint:190 checkpoint:190 checkpoint:100" checkpoint:250 model:1 "model:2 model:3" model:4; do
    rm -rf struck
    for fault in $faults; do
        TERN_FAULT=$fault expect 137 "$TERN" train toy.yaml --set output.dir=struck "${options[@]}" --threads 1
    done
    expect 0 "$TERN" train toy.yaml --set output.dir=struck "${options[@]}" --threads 2
    expect_weights struck "$wanted" "struck at $faults"
    expect_whole struck 40
    [ "$(grep -c . struck/dev.jsonl)" -eq 5 ] || fail "dev.jsonl after $faults: $(cat struck/dev.jsonl)"
done

# A corrupt newest checkpoint: the one before it serves.
rm -rf struck
TERN_FAULT=model:1 expect 137 "$TERN" train toy.yaml --set output.dir=struck "${options[@]}"
printf 'x' | dd of=struck/checkpoints/step-40.h5 bs=1 seek=5000 conv=notrunc 2>/dev/null
expect 0 "$TERN" train toy.yaml --set output.dir=struck
expect_line err "left out: "
expect_line err "going on after step 30"
expect_weights struck "$wanted" "a corrupt checkpoint"
expect_whole struck 40

# Checkpoints over which libhdf5 crashes: a sentence, of train and of info; they are read in a process of their own.
rm -rf struck
TERN_FAULT=model:1 expect 137 "$TERN" train toy.yaml --set output.dir=struck "${options[@]}"
TERN_FAULT=index:1 expect_sentence 1 "$TERN" train toy.yaml --set output.dir=struck "${options[@]}"
expect_line err "no checkpoint of this run can be read"
expect_line err "nothing of it was read"
TERN_FAULT=index:1 expect_sentence 1 "$TERN" info struck/checkpoints/step-40.h5
expect_line err "struck/checkpoints/step-40.h5: libhdf5 didn't come to an end with it; it is damaged or was made to do this"
expect 0 "$TERN" info struck/checkpoints/step-40.h5
expect_line out "inputs"
expect 0 "$TERN" train toy.yaml --set output.dir=struck "${options[@]}"
expect_weights struck "$wanted" "after a crash of libhdf5"

# Base scores are kept, and changed training data are noticed.
rm -rf struck
TERN_FAULT=checkpoint:250 expect 137 "$TERN" train toy.yaml --set output.dir=struck "${options[@]}"
sed -i 's/^\(1,[0-9.]*\)$/1,0.25/' struck/base/test.csv
cp train.jsonl kept.jsonl
tac kept.jsonl >train.jsonl
expect_sentence 1 "$TERN" train toy.yaml --set output.dir=struck "${options[@]}"
expect_line err "the training data changed"
cp kept.jsonl train.jsonl
expect 0 "$TERN" train toy.yaml --set output.dir=struck "${options[@]}"
expect_weights struck "$wanted" "after other data were refused"
grep -q '^1,0.25,' struck/per_query.csv || fail "the base was scored again"

# SIGTERM and SIGINT: the step is finished and saved, exit status 143 and 130.
long=(--set output.dir=long --set train.max_steps=400 --set output.checkpoint_every=1000 --quiet)
expect 0 "$TERN" train toy.yaml "${long[@]}" --set output.dir=long-whole
for signal in TERM INT; do
    rm -rf long
    (
        trap - INT
        exec "$TERN" train toy.yaml "${long[@]}"
    ) &
    run=$!
    for ((i = 0; i < 600; i++)); do
        [ -s long/metrics.jsonl ] && break
        sleep 0.05
    done
    # A second process in the same folder is turned away.
    if [ "$signal" = TERM ]; then
        expect_sentence 1 "$TERN" train toy.yaml "${long[@]}"
        expect_line err "another process trains into this folder"
    fi
    kill -s "$signal" "$run"
    status=0
    wait "$run" || status=$?
    number=$(kill -l "$signal")
    [ "$status" -eq $((128 + number)) ] || [ "$status" -eq 0 ] || fail "exit status $status after SIG$signal"
    expect 0 "$TERN" train toy.yaml "${long[@]}"
    expect_weights long "$(weights_of long-whole)" "stopped by SIG$signal"
    expect_whole long 400
done

# A model that was taken away is made again from the best weights; those are missed before the rest is trained.
rm -r long/model
expect 0 "$TERN" train toy.yaml "${long[@]}"
expect_weights long "$(weights_of long-whole)" "after the model was removed"
rm -r long/model
truncate -s 1000 long/best.h5
expect_sentence 1 "$TERN" train toy.yaml "${long[@]}"
expect_line err "the best weights of this run can't be read (--force starts anew)"

# Sets that changed between two starts: the base is scored again on another test set, another dev set is refused.
changed=(--set output.dir=changed --set train.max_steps=60 --quiet)
part_of_it()
{
    rm -rf changed
    expect 0 "$TERN" train toy.yaml "${changed[@]}"
    rm -r changed/result.json changed/model
}
part_of_it
cp test.jsonl test.whole
head -n 12 test.whole >test.jsonl
expect 0 "$TERN" train toy.yaml "${changed[@]}"
[ "$(wc -l <changed/per_query.csv)" -eq 13 ] || fail "per_query.csv is not of the test set as it is now"
sed -i '$d' changed/base/test.csv
rm -r changed/result.json
expect_sentence 1 "$TERN" train toy.yaml "${changed[@]}"
expect_line err "base/test.csv: has 11 queries, the test set 12"
mv test.whole test.jsonl
part_of_it
sed -i '$d' dev.jsonl
expect_sentence 1 "$TERN" train toy.yaml "${changed[@]}"
expect_line err "the dev data changed since this run began"
