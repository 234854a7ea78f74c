# shellcheck shell=bash
# What lies where tern reads and writes: pipes, links, locks of others, and what killed processes left.
TINY=$SOURCE/tests/goldens/tiny
source "$SOURCE/tests/commands/train_toy.bash"
make_toy
printf 'one text\nanother\n' >texts.txt

# within SECONDS...: a command that hangs is ended and fails as one with status 124.
within=(timeout 60)

# A pipe that nobody writes to, in the place of a file of a model or a run: refused, never waited for.
for file in model.safetensors config.json tokenizer.json modules.json 1_Pooling/config.json sentence_bert_config.json; do
    rm -rf piped
    cp -r "$TINY" piped
    rm -f "piped/$file"
    mkfifo "piped/$file"
    expect_sentence 1 "${within[@]}" "$TERN" encode piped texts.txt --output x.npy --quiet
    expect_line err "$file"
    [ ! -e x.npy ] || fail "vectors were written"
done
mkfifo state.h5
expect 1 "${within[@]}" "$TERN" info state.h5

# Texts and recipes may be pipes.
expect 0 "${within[@]}" "$TERN" encode "$TINY" <(cat texts.txt) --output piped.npy --quiet
expect 0 "${within[@]}" "$TERN" encode "$TINY" texts.txt --output whole.npy --quiet
cmp piped.npy whole.npy || fail "texts from a pipe give other vectors"
sed -E "s#: ([a-z]+[.](txt|jsonl))#: $PWD/\\1#" toy.yaml >absolute.yaml
expect 0 "${within[@]}" "$TERN" train <(cat absolute.yaml) --set output.dir=from-pipe --set train.max_steps=2 --quiet

# A pipe in the folder of kept token ids: what is there is made anew.
export XDG_CACHE_HOME=$WORK/cache
awk 'BEGIN { for (i = 0; i < 12000; i++) printf "{\"anchor\": \"what is q%d q%d %0100d\", \"positive\": \"the d%d\"}\n",
    i % 30, (i + 7) % 30, i, i % 30 }' >many.jsonl
long=(--set "data.train.file=many.jsonl" --set train.max_steps=1 --set train.batch_size=4 --no-eval --quiet)
expect 0 "${within[@]}" "$TERN" train toy.yaml "${long[@]}" --set output.dir=kept-1
ids=$(find cache -name '*.ids')
[ -n "$ids" ] || fail "no token ids were kept"
for id in $ids; do
    rm "$id"
    mkfifo "$id"
done
expect 0 "${within[@]}" "$TERN" train toy.yaml "${long[@]}" --set output.dir=kept-2
for id in $ids; do
    [ -f "$id" ] || fail "$id is still a pipe"
done

# Without HOME the system knows the user's folder: nothing is looked for in /tmp.
(
    unset XDG_CACHE_HOME HOME HF_HOME HF_HUB_CACHE HUGGINGFACE_HUB_CACHE
    expect_sentence 1 "$TERN" info org/nothing
    grep -q /tmp/ err && fail "$(cat err)"
    true
)

# A lock that another process holds on the run's folder or the model's parent doesn't stop the end of a run or an export.
mkdir -p held
(
    exec 8<held
    flock 8
    exec sleep 60
) >/dev/null 2>&1 &
holder=$!
while flock -n held true; do
    sleep 0.02
done
expect 0 "${within[@]}" "$TERN" train toy.yaml --set output.dir=held --set train.max_steps=2 --quiet
expect 0 "${within[@]}" "$TERN" export "$TINY" held/copy --quiet
kill "$holder"
wait "$holder" 2>/dev/null || true

# SIGHUP saves as SIGTERM does; nohup's wish is kept.
hup=(--set train.max_steps=400 --set output.checkpoint_every=1000 --no-eval --quiet)
"$TERN" train toy.yaml "${hup[@]}" --set output.dir=hung-up &
run=$!
for ((i = 0; i < 600; i++)); do
    [ -s hung-up/metrics.jsonl ] && break
    sleep 0.02
done
kill -HUP "$run"
status=0
wait "$run" || status=$?
[ "$status" -eq 129 ] || [ "$status" -eq 0 ] || fail "exit status $status after SIGHUP"
[ -n "$(ls hung-up/checkpoints)" ] || fail "nothing was saved"
expect 0 "$TERN" train toy.yaml "${hup[@]}" --set output.dir=hung-up
expect 0 "$TERN" train toy.yaml "${hup[@]}" --set output.dir=not-hung-up
expect_weights hung-up "$(weights_of not-hung-up)" "stopped by SIGHUP"
(
    trap '' HUP
    exec "$TERN" train toy.yaml "${hup[@]}" --set output.dir=nohup
) &
run=$!
sleep 0.3
kill -HUP "$run"
wait "$run" || fail "nohup was not honoured"

# What a killed process left under a temporary name goes with the next output beside it; other files stay.
TERN_FAULT=model:3 expect 137 "$TERN" export "$TINY" swept/model
[ -n "$(find swept -name '.tern-*.tmp')" ] || fail "the killed export left nothing: this test tests nothing"
echo mine >swept/.tern-notes.tmp
expect 0 "$TERN" export "$TINY" swept/other --quiet
[ "$(find swept -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' ')" = ".tern-notes.tmp other " ] ||
    fail "swept holds $(ls -A swept)"

# A model's folder that is a link: the link stays, what it names is replaced.
mkdir disk
ln -s ../disk/model swept/linked
expect 0 "$TERN" export "$TINY" swept/linked --quiet
expect_sentence 1 "$TERN" export "$TINY" swept/linked --quiet
expect 0 "$TERN" export "$TINY" swept/linked --force --quiet
[ -L swept/linked ] || fail "the link is gone"
[ -s disk/model/model.safetensors ] || fail "not written where the link points"
# A stranger's file inside one of the model's folders stays too.
echo mine >disk/model/1_Pooling/notes.txt
expect_sentence 1 "$TERN" export "$TINY" disk/model --force
expect_line err "1_Pooling/notes.txt"
[ -s disk/model/1_Pooling/notes.txt ] || fail "a file of the user's is gone"
