# What a training file holds and the run doesn't use is said, with --quiet too, and kept in result.json; pairs that the
# data call wrong are not trained as right.
# shellcheck source=tests/commands/train_toy.bash
. "$SOURCE/tests/commands/train_toy.bash"
make_toy
sed 's/"negative"/"neg"/' train.jsonl >neg.jsonl
sed 's/"negative"/"negative1"/' train.jsonl >negative1.jsonl
toy_rows 3 90 | toy_columns judged >judged.jsonl
toy_rows 3 90 | toy_columns judged | sed 's/"score"/"label"/' >labelled.jsonl
toy_rows 3 90 | toy_columns scored >scored.jsonl
toy_rows 3 90 | toy_columns classes >kinds.jsonl
toy_rows 3 1 | sed 's/"positive": "[^"]*"/"positive": "NaN"/' | cat - train.jsonl >nan.jsonl

# trains FILE LOSS ...: two steps of it without evaluation.
trains()
{
    local file=$1 loss=$2
    shift 2
    "$TERN" train toy.yaml --no-eval --quiet --force --set "data.train.file=$file" --set "loss.name=$loss" \
        --set train.max_steps=2 --set output.dir=run "$@"
}

expect 0 trains train.jsonl multiple_negatives_ranking
[ ! -s err ] || fail "warnings where all is used: $(cat err)"
expect 0 trains neg.jsonl multiple_negatives_ranking --json
expect_line err "neg.jsonl: 1 column is not used: neg; neg looks like a negative: name it with data.train.negative: neg, or rename it to negative_1"
grep -qE "\"warnings\": ?\[\"[^\"]*neg.jsonl: 1 column is not used: neg; " run/result.json
expect_line out "neg.jsonl: 1 column is not used: neg; "
expect 0 trains negative1.jsonl multiple_negatives_ranking
expect_line err "negative1.jsonl: negative1: read as negatives, as their names suggest"
expect 0 trains nan.jsonl multiple_negatives_ranking
expect_line err '"positive" reads like a missing value in 1 of 91 rows ("NaN" in line 1)'

for loss in multiple_negatives_ranking infonce mega_batch_margin; do
    expect_sentence 1 trains judged.jsonl $loss
    expect_line err "the loss $loss takes the positive of each row for right, but score is 0 in 45 of the 90 rows of "
done
expect_sentence 1 trains labelled.jsonl multiple_negatives_ranking
expect_line err "but label is 0 in 45 of the 90 rows"
expect 0 trains labelled.jsonl contrastive
[ ! -s err ] || fail "a warning of labels that are used: $(cat err)"
expect 0 trains scored.jsonl multiple_negatives_ranking
expect_line err "scored.jsonl: score is not used by the loss multiple_negatives_ranking (0 to 1, the least in"
expect 0 trains kinds.jsonl infonce
expect_line err "label is not used by the loss infonce (c1 in 30 rows, c2 in 30, c0 in 30)"
expect 0 trains train.jsonl simcse
expect_line err "train.jsonl: positive is not used by the loss simcse"
expect_line err "train.jsonl: negative is not used by the loss simcse"
{ cat train.jsonl && echo '{"anchor": "x", "positive": "", "negative": " "}'; } >holes.jsonl
expect_sentence 1 trains holes.jsonl multiple_negatives_ranking
expect_line err 'holes.jsonl:91: "positive" is empty; fill it in or leave the row out (and 1 more fault, which tern data check lists)'

# The same of a dev set, where it looks like a role: scores that are there, and negatives that the metric doesn't see.
sed 's/"negative"/"neg"/' dev.jsonl >dev-neg.jsonl
expect 1 "$TERN" train toy.yaml --quiet --force --set output.dir=run --set data.dev.file=dev-neg.jsonl
expect_line err "dev-neg.jsonl: 1 column is not used: neg; neg looks like a negative: name it with data.dev.negative: neg, or rename it to negative_1"
expect_line err "triplet_accuracy needs rows with anchor, positive and negative"
# Of several data sets each is given by its number.
expect 0 trains train.jsonl multiple_negatives_ranking --set 'data.train[1].file=neg.jsonl'
expect_line err "name it with data.train[1].negative: neg"
