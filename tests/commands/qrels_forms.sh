# shellcheck shell=bash
# Judgements in the forms that people have: columns in any order that the header names, TREC's with tabs, and what is
# none of them.
tiny=$SOURCE/tests/goldens/tiny
mkdir -p set/qrels
for i in 1 2; do
    echo "{\"_id\": \"q$i\", \"text\": \"the dog $i\"}" >>set/queries.jsonl
    echo "{\"_id\": \"d$i\", \"title\": \"\", \"text\": \"cat $i text\"}" >>set/corpus.jsonl
done
good()
{
    # shellcheck disable=SC2059
    printf "$1" >set/qrels/test.tsv
    expect 0 "$TERN" data check set
    expect_line out "2 queries, 2 documents, 2 judgements (2 above grade 0, greatest 1)"
    expect 0 "$TERN" eval "$tiny" set --quiet --expect recall_at_10=1
    [ ! -s err ] || fail "a warning for: $1: $(cat err)"
}
good 'query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\n'
good 'corpus-id\tquery-id\tscore\nd1\tq1\t1\nd2\tq2\t1\n'
good 'query-id\tscore\tcorpus-id\nq1\t1\td1\nq2\t1\td2\n'
good 'query-id\tQ0\tcorpus-id\tscore\nq1\t0\td1\t1\nq2\t0\td2\t1\n'
good 'q1\t0\td1\t1\nq2\t0\td2\t1\n'
good 'q1 0 d1 1\nq2 0 d2 1\n'
good 'q1\td1\t1 \nq2\td2\t1.0\n'

bad()
{
    # shellcheck disable=SC2059
    printf "$1" >set/qrels/test.tsv
    expect_sentence 1 "$TERN" eval "$tiny" set
    expect_line err "set/qrels/test.tsv:$2"
}
bad 'q1\td1\t0.5\nq2\td2\t1\n' '1: the grade "0.5" is not a whole number'
bad 'query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t0.5\n' '3: the grade "0.5" is not a whole number'
bad 'query-id\tcorpus-id\tscore\n\td1\t1\n' "2: the query's id is empty"
bad 'query-id,corpus-id,score\nq1,d1,1\n' '1: neither'
