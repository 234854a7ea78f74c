# shellcheck shell=bash
# tern train on a toy task: what it writes, what it says, that it repeats to the bit.
source "$SOURCE/tests/commands/train_toy.bash"
make_toy

expect 0 "$TERN" train toy.yaml --set output.dir=one --threads 1 --json
[ "$(wc -l <out)" -eq 1 ] || fail "stdout isn't one line"
cmp out one/result.json
for key in '"base":{"triplet_accuracy":' '"tuned":{"triplet_accuracy":' '"p_value":' '"steps":40' '"seconds":' \
    '"tokens_per_second":' '"peak_memory_mb":'; do
    expect_line out "$key"
done
expect_line err "90 rows, 40 steps of 16 rows"
expect_line err "step 40: dev triplet_accuracy"
for file in model/model.safetensors model/modules.json recipe.yaml per_query.csv base/dev.csv base/test.csv best.h5; do
    [ -s "one/$file" ] || fail "one/$file is missing"
done
expect_whole one 40
grep -qE '^\{"step":1,"loss":[0-9.]+,"learning_rate":0.0,"grad_norm":[0-9.]+,"rows":16,"tokens":[0-9]+,"seconds":[0-9.e-]+\}$' \
    one/metrics.jsonl || fail "the first line of metrics.jsonl: $(head -n 1 one/metrics.jsonl)"
[ "$(wc -l <one/dev.jsonl)" -eq 5 ] || fail "dev.jsonl: not the base and four evaluations"
[ "$(find one/checkpoints -type f | wc -l)" -eq 2 ] || fail "not the newest two checkpoints"
[ "$(head -n 1 one/per_query.csv)" = "query_id,base_triplet_accuracy,tuned_triplet_accuracy" ] ||
    fail "per_query.csv: $(head -n 1 one/per_query.csv)"

# The loss falls: the last five steps against the first five.
awk -F'"loss":' '{ split($2, x, ","); loss[NR] = x[1] }
    END { for (i = 1; i <= 5; i++) { a += loss[i]; b += loss[NR - i + 1] }; exit !(b < a / 2) }' one/metrics.jsonl ||
    fail "the loss didn't halve"

# Two threads, and the exported recipe: the same bits.
wanted=$(weights_of one)
expect 0 "$TERN" train toy.yaml --set output.dir=two --threads 2
expect_weights two "$wanted" "two threads"
expect_line out "triplet_accuracy"
expect_line out "The model is in two/model"
expect 0 "$TERN" train one/recipe.yaml --set output.dir=three --quiet
expect_weights three "$wanted" "the resolved recipe"
[ ! -s err ] || fail "--quiet says: $(cat err)"

# A finished run is not repeated; a changed recipe is refused; --force starts anew.
expect 0 "$TERN" train toy.yaml --set output.dir=one --json
cmp out one/result.json
expect_line err "one holds this run, finished"
expect_sentence 1 "$TERN" train toy.yaml --set output.dir=one --set train.seed=7
expect_line err '"seed: 42" there, "seed: 7" now'
expect_sentence 1 "$TERN" train toy.yaml --set output.dir=one --set data.dev.file=test.jsonl
grep -qE '"file: [^)]*" there, "file: [^)]*" now' err || fail "a changed line that another section has too: $(cat err)"
expect_sentence 1 "$TERN" train toy.yaml --set output.dir=one --no-eval
expect_weights one "$wanted" "a refused recipe"
expect 0 "$TERN" train toy.yaml --set output.dir=one --set train.seed=7 --force
[ "$(weights_of one)" != "$wanted" ] || fail "another seed gives the same weights"
expect_whole one 40

# Activations as bfloat16: the same first loss, gradients that are a little off; one thread and two alike. Float32 is what
# there was before there was the key, so saying it changes no run.
expect 0 "$TERN" train toy.yaml --set output.dir=half --set train.activations=bfloat16 --threads 1
first_loss() { head -n 1 "$1/metrics.jsonl" | grep -o '"loss":[^,]*'; }
[ "$(first_loss half)" = "$(first_loss two)" ] || fail "bfloat16 changes the loss: $(first_loss half), $(first_loss two)"
half=$(weights_of half)
[ "$half" != "$wanted" ] || fail "bfloat16 changes no weight"
expect 0 "$TERN" train toy.yaml --set output.dir=half --set train.activations=bfloat16 --threads 2 --force
expect_weights half "$half" "two threads with bfloat16"
expect_sentence 1 "$TERN" train toy.yaml --set output.dir=half
expect_line err '"activations: bfloat16" there only'
expect 0 "$TERN" train toy.yaml --set output.dir=two --set train.activations=float32
expect_line err "two holds this run, finished"

# Without evaluation: no scores, the last weights.
expect 0 "$TERN" train toy.yaml --set output.dir=bare --set train.max_steps=5 --no-eval --json
grep -qE '"(base|tuned|p_value|dev)"' out && fail "scores with --no-eval: $(cat out)"
expect_line out '"steps":5'
[ ! -e bare/dev.jsonl ] || fail "dev.jsonl with --no-eval"

# A whole epoch without max_steps: 90 rows are six batches of 16.
expect 0 "$TERN" train toy.yaml --set output.dir=epochs --set train.max_steps=0 --set train.epochs=2 --set eval.every=0 \
    --set train.dropout=0
expect_whole epochs 12
[ "$(wc -l <epochs/dev.jsonl)" -eq 3 ] || fail "not one evaluation an epoch"

# Patience: a learning rate of zero never gets better than its first score.
expect 0 "$TERN" train toy.yaml --set output.dir=patient --set train.learning_rate=0 --set eval.every=2 \
    --set eval.patience=3
expect_line err "stopped early"
expect_whole patient 8

# A model that got worse is said so.
expect 0 "$TERN" train toy.yaml --set model=one/model --set output.dir=worse --set train.learning_rate=5 \
    --set train.warmup=0 --set train.max_steps=6 --set train.max_grad_norm=0
expect_line out "The model in worse/model is worse than its base on dev: triplet_accuracy "
[[ "$(tail -n 1 out)" == *"keep the base, or lower train.learning_rate" ]] || fail "the last line: $(tail -n 1 out)"
grep -q '"worse_than_base":true' worse/result.json || fail "$(cat worse/result.json)"
grep -q '"worse_than_base":false' one/result.json || fail "$(cat one/result.json)"
