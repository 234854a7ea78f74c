# shellcheck shell=bash
# Steps that teach nothing are counted, with the reason, in the last line and in result.json.
source "$SOURCE/tests/commands/train_toy.bash"
make_toy
sed -i 's/, max_steps: 40//' toy.yaml
options=(--threads 1 --no-eval)

# expect_idle DIR STEPS REASONS: as result.json and metrics.jsonl say it.
expect_idle()
{
    grep -qF "\"steps\":$2,\"idle_steps\":$3,\"idle_reasons\":$4," "$1/result.json" || fail "$1: $(cat "$1/result.json")"
    [ "$(grep -c '"idle":"' "$1/metrics.jsonl")" -eq "$3" ] || fail "$1: other steps are marked in metrics.jsonl"
    [ "$(grep -cE '"grad_norm":0\.0,.*"idle":"' "$1/metrics.jsonl")" -eq "$3" ] || fail "$1: a step with a gradient is idle"
}

# 33 rows without negatives: the last batch of each epoch is one row alone.
seq 33 | sed -E 's/(.*)/{"anchor": "what is q\1 q&", "positive": "the d\1 d&"}/' | sed 's/[qd]\(3[0-3]\)/q1 d\1/g' >odd.jsonl
sets=(--set data.train.file=odd.jsonl --set train.batch_size=16 --set train.epochs=3)
expect 0 "$TERN" train toy.yaml "${options[@]}" "${sets[@]}" --set output.dir=odd
[ "$(tail -n 1 out)" = "The model is in odd/model; 3 of 9 steps taught nothing: a batch of one row (3)" ] ||
    fail "the last line: $(tail -n 1 out)"
expect_idle odd 9 3 '{"one_row":3}'
expect 0 "$TERN" train toy.yaml "${options[@]}" "${sets[@]}" --set output.dir=odd --quiet
expect_line out "3 of 9 steps taught nothing"

# Counted once each across a stop: state of step 5, after the first of them.
expect 0 "$TERN" train toy.yaml "${options[@]}" "${sets[@]}" --set output.dir=stopped --set output.checkpoint_every=5
rm -r stopped/result.json stopped/model stopped/checkpoints/step-9.h5
expect 0 "$TERN" train toy.yaml "${options[@]}" "${sets[@]}" --set output.dir=stopped --set output.checkpoint_every=5
expect_line err "going on after step 5"
expect_idle stopped 9 3 '{"one_row":3}'

# Nothing to tell apart: one answer to every question, and one question with every answer.
sed 's/"positive": .*/"positive": "the d1"}/' train.jsonl >answer.jsonl
sed 's/"anchor": "[^"]*"/"anchor": "what is q1"/; s/, "negative".*/}/' train.jsonl >question.jsonl
for file in answer question; do
    expect 0 "$TERN" train toy.yaml "${options[@]}" --set output.dir=$file --set data.train.file=$file.jsonl
    expect_line out "The model is in $file/model; 6 of 6 steps taught nothing: every candidate masked (6)"
    expect_idle $file 6 6 '{"all_masked":6}'
done

# Labels and scores: batches of one label, of labels of their own, of one score.
for i in $(seq 30); do
    printf '{"anchor": "what is q%d", "positive": "the d%d", "label": "l%d", "score": %d}\n' $((i % 30)) $((i % 30)) \
        $((i == 7)) $((i == 7))
done >one.jsonl
expect 0 "$TERN" train toy.yaml "${options[@]}" --set output.dir=label --set data.train.file=one.jsonl \
    --set loss.name=batch_all_triplet --set train.batch_size=10
expect_line out "2 of 3 steps taught nothing: one label in the batch (2)"
expect_idle label 3 2 '{"one_label":2}'
for i in $(seq 30); do
    printf '{"anchor": "what is q%d", "label": "l%d"}\n' $((i % 30)) $((i == 9 ? 8 : i))
done >lone.jsonl
expect 0 "$TERN" train toy.yaml "${options[@]}" --set output.dir=lone --set data.train.file=lone.jsonl \
    --set loss.name=batch_all_triplet --set train.batch_size=2 --set train.epochs=1
grep -qE '"idle_reasons":\{"lone_labels":1[45]\}' lone/result.json || fail "$(cat lone/result.json)"
expect 0 "$TERN" train toy.yaml "${options[@]}" --set output.dir=score --set data.train.file=one.jsonl \
    --set loss.name=cosent --set train.batch_size=10
expect_idle score 3 2 '{"one_score":2}'

# Margins that are kept from the start.
expect 0 "$TERN" train toy.yaml "${options[@]}" --set output.dir=kept --set loss.name=mega_batch_margin \
    --set loss.margin=0 --set loss.negative_margin=1
expect_line out "steps taught nothing: nothing left to correct"

# A run in which every step teaches says nothing of it.
expect 0 "$TERN" train toy.yaml "${options[@]}" --set output.dir=well
[ "$(tail -n 1 out)" = "The model is in well/model" ] || fail "the last line: $(tail -n 1 out)"
expect_idle well 6 0 '{}'

# One row of a label would have nothing to be compared with.
cat >single.yaml <<'YAML'
scratch: {layers: 2, width: 32, heads: 2, intermediate: 64, max_positions: 32, vocab: vocab.txt}
data: {train: {file: lone.jsonl}}
loss: batch_hard_triplet
output: {dir: single}
YAML
sed 's/file: lone.jsonl/&, per_label: 1/' single.yaml >per.yaml
expect_sentence 1 "$TERN" train per.yaml
expect_line err "per.yaml:2: data.train.per_label is 1"
expect_sentence 1 "$TERN" train single.yaml --set data.train.per_label=1
expect_line err "per_label is 1"
[ ! -e single ] || fail "a refused recipe left a folder"
