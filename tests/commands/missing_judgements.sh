# shellcheck shell=bash
# Judgements of queries and documents that aren't there: said and counted by data check, eval and train, with --quiet
# too; fatal when they are more than half.
tiny=$SOURCE/tests/goldens/tiny
# make_set DIR N: N queries q1.., N documents d1.., each query judged with its document, in the splits train and test.
make_set()
{
    mkdir -p "$1/qrels"
    for i in $(seq "$2"); do
        echo "{\"_id\": \"q$i\", \"text\": \"question number $i\"}" >>"$1/queries.jsonl"
        echo "{\"_id\": \"d$i\", \"title\": \"T$i\", \"text\": \"document number $i about text\"}" >>"$1/corpus.jsonl"
        printf 'q%d\td%d\t1\n' "$i" "$i" >>"$1/qrels/train.tsv"
    done
    cp "$1/qrels/train.tsv" "$1/qrels/test.tsv"
}
make_set set 12
sed -i 's/d3/d99/; s/q4\t/q44\t/' set/qrels/test.tsv
missing='set/qrels/test.tsv: 2 of 12 judgements name what isn'"'"'t there: 1 of 12 judged queries ("q44") is not in queries.jsonl, 1 of 12 relevant documents ("d99") is not in corpus.jsonl'

expect 0 "$TERN" data check set
expect_line out "11 queries, 12 documents, 12 judgements (12 above grade 0, greatest 1)"
expect_line err "tern: warning: $missing"
[ "$(wc -l <err)" -eq 1 ] || fail "more than one warning: $(cat err)"
expect 0 "$TERN" data check set --json --quiet
expect_line out '"queries_missing":1,"documents_missing":1,"judgements_missing":2,"n_faults":0'
expect_line err "$missing"

expect 0 "$TERN" eval "$tiny" set --quiet
expect_line err "tern: warning: $missing"
expect 0 "$TERN" eval "$tiny" set --quiet --json
expect_line out '"queries_missing": 1, "documents_missing": 1, "judgements_missing": 2, "queries_without_relevant": 0'
expect_line out '"warnings": ["set/qrels/test.tsv: 2 of 12'
expect 0 "$TERN" eval "$tiny" set --split train --json
expect_line out '"queries_missing": 0, "documents_missing": 0, "judgements_missing": 0'

# train: its rows, dev and test alike.
cat >mine.yaml <<YAML
model: $tiny
data: {train: {beir: set}, dev: {beir: set, split: test}, test: {beir: set, split: test}}
loss: multiple_negatives_ranking
train: {batch_size: 2, max_steps: 2, threads: 1}
output: {dir: run}
YAML
expect 0 "$TERN" train mine.yaml --quiet --json
[ "$(grep -cF "$missing" err)" -eq 1 ] || fail "not one warning of test: $(cat err)"
grep -q '"queries_missing":1,"documents_missing":1,"judgements_missing":2' run/result.json || fail "$(cat run/result.json)"
grep -qF 'set/qrels/test.tsv: 2 of 12' run/result.json || fail "no warning in result.json"
cp set/qrels/test.tsv set/qrels/train.tsv
expect 0 "$TERN" train mine.yaml --quiet --set output.dir=same --set data.train.split=test
grep -q '"judgements_missing":2' same/result.json || fail "one file is counted twice: $(cat same/result.json)"
expect 0 "$TERN" train mine.yaml --quiet --set output.dir=both
expect_line err "set/qrels/train.tsv: 2 of 12 judgements name what isn't there"
grep -q '"judgements_missing":4' both/result.json || fail "not the sum of train and test: $(cat both/result.json)"

# More than half.
make_set most 10
sed -i '5,$d' most/corpus.jsonl
fatal='6 of 10 judgements name what isn'"'"'t there: 6 of 10 relevant documents ("d5", "d6", "d7", ...) are not in corpus.jsonl; are they of another data set or split?'
expect_sentence 1 "$TERN" eval "$tiny" most --quiet
expect_line err "tern: most/qrels/test.tsv: $fatal"
expect_sentence 1 "$TERN" train mine.yaml --set data.train.beir=most --set output.dir=no
expect_line err "most/qrels/train.tsv: $fatal"
[ ! -e no ] || fail "a refused run left a folder"
expect_sentence 1 "$TERN" train mine.yaml --set data.dev.beir=most --set output.dir=no
expect_line err "most/qrels/test.tsv: $fatal"
expect 1 "$TERN" data check most --json
expect_line err "most/qrels/train.tsv: $fatal"
expect_line err "most/qrels/test.tsv: $fatal"
expect_line out '"judgements_missing":12,"n_faults":2'

# The cause, where it can be seen.
make_set caps 4
sed -i 's/"_id": "d/"_id": "D/' caps/corpus.jsonl
expect_sentence 1 "$TERN" eval "$tiny" caps
expect_line err 'none of the documents judged relevant ("d1", "d2", "d3", ...) is in corpus.jsonl; "d1" is "D1" in corpus.jsonl: they differ in upper and lower case'
make_set swapped 4
awk -F'\t' -v OFS='\t' '{ print $2, $1, $3 }' swapped/qrels/train.tsv >swapped/qrels/test.tsv
expect_sentence 1 "$TERN" eval "$tiny" swapped
expect_line err 'its first column holds documents and its second queries; give it the header corpus-id, query-id, score'

# Judged queries with nothing to find are no fault; splits of other names are checked; id for _id.
make_set low 3
printf 'q3\td1\t0\n' >low/qrels/validation.tsv
printf 'q1\td1\t1\nq2\td2\t0\n' >>low/qrels/validation.tsv
sed -i 's/"_id"/"id"/' low/corpus.jsonl
expect 0 "$TERN" data check low
expect_line out "1 query, 3 documents, 3 judgements (1 above grade 0, greatest 1; 2 judged queries without a relevant document, left out)"
[ "$(wc -l <out)" -eq 3 ] || fail "not every split: $(cat out)"
expect 0 "$TERN" eval "$tiny" low --split validation --json
expect_line out '"queries_without_relevant": 2'
expect_sentence 1 "$TERN" eval "$tiny" low --split dev
expect_line err 'it has no split "dev"; there is train, test, validation'
# A fault of the corpus is said once, whatever the splits.
echo '{"_id": "d1", "text": "again"}' >>low/corpus.jsonl
sed -i 's/"id"/"_id"/' low/corpus.jsonl
expect_sentence 1 "$TERN" data check low
expect_line err 'low/corpus.jsonl:4: the id "d1" stands on an earlier line already'
