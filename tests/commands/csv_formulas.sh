# shellcheck shell=bash
# Ids in CSV that a spreadsheet would take for formulas are guarded with --spreadsheet, and read back as they were.
i=0
while read -r id; do
    i=$((i + 1))
    printf '%b\td%d\t1\n' "$id" "$i" >>judged.tsv
    printf '%b Q0 d%d 1 0.9 x\n' "$id" "$i" >>a.run
done <<'IDS'
=1+1
+cmd|'/C
-2+3
@SUM(A1)
'quoted
\0357\0274\0235wide
plain-id
=HYPERLINK("x","y")
IDS
expect 0 "$TERN" eval --run a.run judged.tsv --per-query plain.csv
head -n 1 plain.csv | grep -q '^query_id,' || fail "the header: $(head -n 1 plain.csv)"
grep -q '^=1+1,' plain.csv || fail "an id isn't as it is without the flag"
expect 0 "$TERN" eval --run a.run judged.tsv --per-query guarded.csv --spreadsheet
head -n 1 guarded.csv | grep -q '^guarded_query_id,' || fail "the header: $(head -n 1 guarded.csv)"
cut -d, -f1 guarded.csv >ids
for id in "'=1+1" "'+cmd|'/C" "'-2+3" "'@SUM(A1)" "''quoted" plain-id; do
    grep -qxF -- "$id" ids || fail "no $id in $(cat ids)"
done
grep -q "^'.*wide," guarded.csv || fail "a full-width sign is not guarded"
grep -qF "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"," guarded.csv || fail "quotes and guard: $(cat guarded.csv)"
! tail -n +2 guarded.csv | grep -q '^"\?[-=+@]' || fail "a formula is left: $(cat guarded.csv)"

# Both forms are the same queries.
expect 0 "$TERN" eval --run a.run judged.tsv --compare guarded.csv --json
expect_line out '"queries": 8, "before": 1.0, "after": 1.0'
expect 0 "$TERN" eval --run a.run judged.tsv --compare plain.csv --json
expect_line out '"queries": 8, "before": 1.0, "after": 1.0'
expect 2 "$TERN" eval --run a.run judged.tsv --spreadsheet
expect_line err '--spreadsheet is of the file that --per-query writes'

# tern train's per_query.csv.
mkdir -p set/qrels
for i in 1 2 3; do
    echo "{\"_id\": \"=q$i\", \"text\": \"the dog $i\"}" >>set/queries.jsonl
    echo "{\"_id\": \"d$i\", \"title\": \"\", \"text\": \"cat $i text\"}" >>set/corpus.jsonl
    printf '=q%d\td%d\t1\n' "$i" "$i" >>set/qrels/train.tsv
done
cp set/qrels/train.tsv set/qrels/test.tsv
cat >mine.yaml <<YAML
model: $SOURCE/tests/goldens/tiny
data: {train: {beir: set}, test: {beir: set}}
loss: multiple_negatives_ranking
train: {batch_size: 2, max_steps: 2, threads: 1}
output: {dir: run}
YAML
expect 0 "$TERN" train mine.yaml --quiet --spreadsheet
grep -q "^'=q1," run/per_query.csv || fail "not guarded: $(cat run/per_query.csv)"
expect 0 "$TERN" train mine.yaml --quiet --force
grep -q '^=q1,' run/per_query.csv || fail "not as it is: $(cat run/per_query.csv)"
