# shellcheck shell=bash
# One of something is not "1 somethings".
source "$SOURCE/tests/commands/train_toy.bash"
make_toy
tiny=$SOURCE/tests/goldens/tiny

# expect_singular FILE...: no count of 1 has a plural after it.
expect_singular()
{
    if grep -nE '\b1 (rows|steps|threads|queries|documents|judgements|chunks|dimensions|checks|tokens|layers|texts|evaluations)\b' "$@"; then
        fail "1 of several"
    fi
}

head -1 train.jsonl >one.jsonl
one=(--set data.train.file=one.jsonl --set data.dev.file=one.jsonl --set data.test.file=one.jsonl --set loss=triplet --set train.max_steps=1)
expect 0 "$TERN" train toy.yaml "${one[@]}" --set train.batch_size=1 --set output.dir=one --threads 1
expect_line err "1 row, 1 step of 1 row and about"
expect_line err "1 thread"
expect_line err "at most 1 row of"
expect_line out "1 step in"
expect_singular out err

mkdir -p set/qrels
printf '{"_id": "d1", "text": "a"}\n' >set/corpus.jsonl
printf '{"_id": "q1", "text": "b"}\n' >set/queries.jsonl
printf 'query-id\tcorpus-id\tscore\nq1\td1\t1\n' >set/qrels/test.tsv
expect 0 "$TERN" eval "$tiny" set --per-query one.csv --quiet
expect_line out ": 1 query, 1 document, "
expect_singular out err
expect 0 "$TERN" eval "$tiny" set --compare one.csv --quiet
expect_line out "over 1 query"
expect 0 "$TERN" eval "$tiny" one.jsonl --quiet
expect_line out ": 1 row, "
expect 0 "$TERN" data check set
expect_line out "1 query, 1 document, 1 judgement (1 above"
expect 0 "$TERN" selftest --only linear
expect_line out "1 check, "
expect_sentence 1 "$TERN" train toy.yaml --set loss=triplet --set loss.matryoshka=99 --set output.dir=two
expect_singular out err
expect_sentence 1 "$TERN" train toy.yaml --set loss.matryoshka=8 --set loss.matryoshka_per_step=2
expect_line err "matryoshka has 1 dimension"
