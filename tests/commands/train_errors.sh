# shellcheck shell=bash
# What is wrong with a recipe is said before anything starts: one sentence, with the place, and nothing written.
source "$SOURCE/tests/commands/train_toy.bash"
make_toy

# refused TEXT --set...: exit status 1, one line with TEXT, no output folder.
refused()
{
    local text=$1
    shift
    expect_sentence 1 "$TERN" train toy.yaml "$@"
    expect_line err "$text"
    [ ! -e one ] || fail "something was written by: $*"
}

to=(--set output.dir=one)
refused 'there is no loss "multiple_negative_ranking"; did you mean multiple_negatives_ranking?' "${to[@]}" \
    --set loss.name=multiple_negative_ranking
refused 'there is no metric "triplet_acuracy"; did you mean triplet_accuracy?' "${to[@]}" \
    --set eval.metric=triplet_acuracy
refused "data.dev is a file of triplets or of pairs with scores, which ndcg_at_10 can't score" "${to[@]}" --set eval.metric=ndcg_at_10
refused "--set data.train.file: there is no file" "${to[@]}" --set data.train.file=nowhere.jsonl
refused "--set data.test.beir: there is no folder" "${to[@]}" --set data.test.beir=nowhere
refused "64 is more than the 32 dimensions" "${to[@]}" --set 'loss.matryoshka=[64, 16]'
refused "32 after 16; write the dimensions from the largest" "${to[@]}" --set 'loss.matryoshka=[16, 32]'
refused "64 is more than the model's 32 positions" "${to[@]}" --set train.max_seq_length=64
refused "leaves no room for a text" "${to[@]}" --set train.max_seq_length=2
refused "no/such-model" "${to[@]}" --set model=no/such-model

: >empty.jsonl
refused "empty.jsonl" "${to[@]}" --set data.train.file=empty.jsonl
printf '{"anchor": "q1", "positive": "d1"}\n' >pairs.jsonl
refused "the loss triplet needs a negative" "${to[@]}" --set data.train.file=pairs.jsonl --set loss.name=triplet
refused "pairs.jsonl" "${to[@]}" --set data.dev.file=pairs.jsonl
printf '{"anchor": "q1 \xff", "positive": "d1"}\n' >latin.jsonl
refused "latin.jsonl" "${to[@]}" --set data.train.file=latin.jsonl
printf 'x' >file
expect_sentence 1 "$TERN" train toy.yaml --set output.dir=file/below
expect_line err "output.dir"

# A folder with somebody else's files stays as it is.
mkdir -p theirs/model
echo precious >theirs/model/notes.txt
expect_sentence 1 "$TERN" train toy.yaml --set output.dir=theirs
expect_line err "theirs: holds model"
[ "$(cat theirs/model/notes.txt)" = precious ] || fail "somebody else's file was changed"

# A step that isn't finite stops the run: it is named with its rows and the first thing that went wrong; the checkpoints
# of the steps before it stay.
expect_sentence 1 "$TERN" train toy.yaml --set output.dir=nan --set train.learning_rate=10 --set train.weight_decay=100 \
    --set output.checkpoint_every=2 --no-eval --quiet
wrong='step [0-9]+: the (loss|gradient.s norm) is (nan|-?inf): (the parameter|the backward of|[a-z_]+ in) .+'
grep -qE "$wrong; the batch is rows [0-9]+, .* of .+; lower train.learning_rate" err || fail "$(cat err)"
[ -n "$(ls nan/checkpoints)" ] || fail "no checkpoint is left"
before=$(ls nan/checkpoints)
expect_sentence 1 "$TERN" train toy.yaml --set output.dir=nan --set train.learning_rate=10 --set train.weight_decay=100 \
    --set output.checkpoint_every=2 --no-eval --quiet
[ "$(ls nan/checkpoints)" = "$before" ] || fail "other checkpoints: $(ls nan/checkpoints), not $before"

expect 2 "$TERN" train
expect 2 "$TERN" train toy.yaml --forse
expect_line err "--force"
