# The untouched base model scores what the leaderboard publishes.
need_model
need_data scifact nfcorpus stsb
model=sentence-transformers/all-MiniLM-L6-v2

expect 0 "$TERN" eval "$model" "$TERN_DATA/scifact" --split test --json --quiet --tolerance 0.0005 \
    --expect ndcg_at_10=0.64508 --expect recall_at_10=0.78333 --expect recall_at_100=0.92500 \
    --save-run scifact.run --per-query scifact.csv
[ "$(wc -l <out)" -eq 1 ] || fail "not one line: $(cat out)"
cp out model.json

# The run holds all that the figures came from, and a model does not differ from itself.
expect 0 "$TERN" eval --run scifact.run "$TERN_DATA/scifact" --split test --json --compare scifact.csv
figures()
{
    sed -E 's/.*"metrics": (\{[^}]*\}).*/\1/' "$1"
}
[ "$(figures out)" = "$(figures model.json)" ] || fail "the run scores $(figures out), not $(figures model.json)"
expect_line out '"p_value": 1.0'

expect 0 "$TERN" eval "$model" "$TERN_DATA/nfcorpus" --split test --json --quiet --tolerance 0.0005 \
    --expect ndcg_at_10=0.31594 --expect recall_at_10=0.15499
expect 1 "$TERN" eval --run scifact.run "$TERN_DATA/scifact" --expect ndcg_at_10=0.7
expect_line err 'ndcg_at_10 is 0.645'

# STS-B; cut vectors score what sentence-transformers makes of them (tests/goldens/make_similarity_goldens.py).
stsb=("$TERN_DATA/stsb/test.tsv" --anchor sentence1 --positive sentence2 --score score --quiet)
expect 0 "$TERN" eval "$model" "${stsb[@]}" --tolerance 0.0001 --expect cosine_spearman=0.82032 \
    --expect cosine_pearson=0.82741 --expect euclidean_pearson=0.82556 --expect manhattan_spearman=0.81946 \
    --per-query stsb.csv
expect 0 "$TERN" eval "$model" "${stsb[@]}" --tolerance 0.0001 --dim 128 --expect cosine_spearman=0.80676 \
    --expect cosine_pearson=0.81126 --compare stsb.csv
expect_line out 'cosine_spearman: 0.80676, from 0.82032 in stsb.csv'
expect 0 "$TERN" eval "$model" "${stsb[@]}" --tolerance 0.0001 --dim 32 --expect cosine_spearman=0.76670
