# shellcheck shell=bash
# Metrics may be named as other tools name them, wherever one is named; output has the documented names.
mkdir -p set/qrels
printf 'query-id\tcorpus-id\tscore\nq1\ta\t1\nq2\tb\t1\nq3\tc\t1\nq4\td\t1\n' >set/qrels/test.tsv
for i in 1 2 3 4; do echo "{\"_id\": \"q$i\", \"text\": \"the dog $i\"}"; done >set/queries.jsonl
for i in a b c d; do echo "{\"_id\": \"$i\", \"title\": \"\", \"text\": \"cat $i text\"}"; done >set/corpus.jsonl
printf 'q1 Q0 a 1 0.9 x\nq2 Q0 z 1 0.9 x\nq2 Q0 b 2 0.8 x\nq3 Q0 c 1 0.7 x\nq4 Q0 z 1 0.7 x\n' >a.run

expect 0 "$TERN" eval --run a.run set --expect MRR@10=0.625 --expect recall@100=0.75 --expect P_1=0.5 \
    --expect ndcg_cut_10=0.65773 --expect NDCG@10=0.65773 --expect mrr_at_10=0.625 --per-query a.csv
expect 1 "$TERN" eval --run a.run set --expect mrr@10=0.5
expect_line err "mrr_at_10 is 0.62500, expected 0.50000"
expect 0 "$TERN" eval --run a.run set --compare a.csv --metric nDCG@10 --json
expect_line out '"metric": "ndcg_at_10"'
expect 2 "$TERN" eval --run a.run set --expect ndgc@10=1
expect_line err 'there is no metric ndgc@10'
expect 2 "$TERN" eval --run a.run set --metric ndcg@7 --compare a.csv

tiny=$SOURCE/tests/goldens/tiny
cp set/qrels/test.tsv set/qrels/train.tsv
cat >mine.yaml <<YAML
model: $tiny
data: {train: {beir: set}, dev: {beir: set, split: test}, test: {beir: set}}
loss: multiple_negatives_ranking
train: {batch_size: 2, max_steps: 2, threads: 1}
eval: {metric: MRR@10}
output: {dir: run}
YAML
expect 0 "$TERN" train mine.yaml --quiet --json
expect_line out '"metric":"mrr_at_10"'
grep -q 'mrr_at_10' run/dev.jsonl || fail "dev.jsonl has another name: $(cat run/dev.jsonl)"
grep -q 'metric: "mrr_at_10"' run/recipe.yaml || fail "the resolved recipe has another name"
# Another spelling is the same run.
expect 0 "$TERN" train mine.yaml --json --set eval.metric=mrr_at_10
expect_line err 'finished'
expect_sentence 1 "$TERN" train mine.yaml --set output.dir=other --set eval.metric=mrr@11
expect_line err 'there is no metric "mrr@11"'
