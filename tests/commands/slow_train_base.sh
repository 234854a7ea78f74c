# shellcheck shell=bash
# On real texts, most of which are longer than the recipe's limit: the base that tern train reports is that of tern eval.
need_model
need_data cranfield
printf '{"anchor": "what is %d", "positive": "it is %d"}\n' 1 1 2 2 3 3 4 4 >rows.jsonl
cat >still.yaml <<YAML
model: sentence-transformers/all-MiniLM-L6-v2
data: {train: {file: rows.jsonl}, test: {beir: $TERN_DATA/cranfield}}
loss: multiple_negatives_ranking
prompts: {document: "passage: "}
train: {batch_size: 4, max_steps: 2, learning_rate: 1.0e-9, max_seq_length: 16}
output: {dir: run}
YAML
expect 0 "$TERN" train still.yaml
expect_line err "base model on test: ndcg_at_10 0.39981"
grep -qE '^ndcg_at_10 +0\.39981 ' out || fail "$(cat out)"
figures() { tr -d ' \n' <"$2" | grep -o "\"$1\":{[^}]*}" | head -n 1 | cut -d: -f2-; }
for pair in "base sentence-transformers/all-MiniLM-L6-v2" "tuned run/model"; do
    expect 0 "$TERN" eval "${pair#* }" "$TERN_DATA/cranfield" --json
    [ "$(figures "${pair% *}" run/result.json)" = "$(figures metrics out)" ] || fail "${pair% *} is not tern eval's"
done
