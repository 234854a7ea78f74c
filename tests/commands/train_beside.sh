# eval.beside: other rankings of the test set as rows of the report, the same figures as tern eval has for them.
cp -r "$SOURCE/tests/goldens/tiny" tiny
cp -r tiny other
mkdir -p set/qrels
words=(the dog cat text act)
for i in $(seq 0 19); do
    printf '{"_id": "d%d", "text": "%s %s %s"}\n' "$i" "${words[i % 5]}" "${words[i / 5]}" "${words[i * 3 % 5]}" >>set/corpus.jsonl
    printf '{"_id": "q%d", "text": "%s %s"}\n' "$i" "${words[i / 5]}" "${words[i % 5]}" >>set/queries.jsonl
    printf 'q%d\td%d\t1\n' "$i" "$i" >>pairs.tsv
done
(printf 'query-id\tcorpus-id\tscore\n' && cat pairs.tsv) >set/qrels/train.tsv
cp set/qrels/train.tsv set/qrels/test.tsv
cat >run.yaml <<'END'
model: tiny
data: {train: {beir: set}, test: {beir: set}}
loss: multiple_negatives_ranking
train: {batch_size: 4, max_steps: 2, memory: 1GB}
eval: {beside: ["bm25:stemmer=none", other, "other+bm25:stemmer=none"]}
output: {dir: run}
END
expect 0 "$TERN" train run.yaml
expect_line out '  bm25:stemmer=none '
grep -qE '^  other +0\.[0-9]+ +0\.[0-9]+ +[+-]0\.[0-9]+ +p = ' out || fail "no row for another model: $(cat out)"
for name in bm25:stemmer=none other other+bm25:stemmer=none; do
    expect 0 "$TERN" eval "$name" set --json
    figure=$(grep -oE '"ndcg_at_10": ?[0-9.e-]+' out | grep -oE '[0-9.e-]+$')
    grep -oF "\"$name\":{\"scores\":{" run/result.json >found || fail "no $name in $(cat run/result.json)"
    grep -oE "\"beside\":.*" run/result.json | grep -oF "\"ndcg_at_10\":$figure" >found || fail "$name: not $figure: $(cat run/result.json)"
done
# Given again as it was.
expect 0 "$TERN" train run.yaml --json
grep -q '"beside":{"bm25:stemmer=none":{"scores":{' out || fail "a finished run lost it: $(cat out)"
expect_sentence 1 "$TERN" train run.yaml --set output.dir=no --set eval.beside=bm25:k3=1
expect_line err 'there is no option "k3"'
expect_sentence 1 "$TERN" train run.yaml --set output.dir=no --set eval.beside=nobody/nothing
expect_line err 'there is no model nobody/nothing'
printf 'anchor\tpositive\tnegative\nthe\tdog\tcat\n' >rows.tsv
expect_sentence 1 "$TERN" train run.yaml --set output.dir=no --set data.test.file=rows.tsv
expect_line err 'data.test.beir'
[ -e no ] && fail "a folder was made"
exit 0
