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
refused "--set prompts.query: the prompt has 5 tokens, special ones included, and a text is cut to 5" "${to[@]}" \
    --set prompts.query="what is the " --set train.max_seq_length=5
refused "leaves no room for a text" "${to[@]}" --set train.max_seq_length=2
refused "no/such-model" "${to[@]}" --set model=no/such-model

: >empty.jsonl
refused "empty.jsonl" "${to[@]}" --set data.train.file=empty.jsonl
printf '{"anchor": "q1", "positive": "d1"}\n' >pairs.jsonl
refused "the loss triplet needs a negative" "${to[@]}" --set data.train.file=pairs.jsonl --set loss.name=triplet
refused "pairs.jsonl" "${to[@]}" --set data.dev.file=pairs.jsonl
refused "the loss multiple_negatives_ranking compares the rows of a batch" "${to[@]}" --set data.train.file=pairs.jsonl
printf '{"anchor": "q1 \xff", "positive": "d1"}\n' >latin.jsonl
refused "latin.jsonl" "${to[@]}" --set data.train.file=latin.jsonl

# Options that the loss has no use for, and sums that no batch can serve.
refused "--set loss.scale: the loss triplet takes no scale; leave it out (it is for multiple_negatives_ranking" \
    "${to[@]}" --set loss.name=triplet --set loss.scale=20
refused "--set loss.teacher: the loss multiple_negatives_ranking takes no teacher" "${to[@]}" --set loss.teacher=nowhere
refused "kl_weight is given without adaptive_layer" "${to[@]}" --set loss.kl_weight=2
refused "a learned scale is at most 100" "${to[@]}" --set loss.learned_scale=true --set loss.temperature=0.001
refused "joint is for several directions" "${to[@]}" --set loss.joint=true
refused "which leaves nothing of the loss" "${to[@]}" --set loss.name=global_orthogonal --set loss.mean_weight=0 \
    --set loss.second_moment_weight=0
refused "--set loss[1].name: the loss triplet needs positives, and simcse takes each anchor for its own" "${to[@]}" \
    --set loss.name=simcse --set 'loss[1].name=triplet'
refused "are parts of one sum, which has one mask" "${to[@]}" --set loss.mask=equal --set 'loss[1].name=infonce'
refused "--set loss.guide: nowhere: there is no such folder" "${to[@]}" --set loss.name=guided --set loss.guide=nowhere

# Data on which a loss would stay the same whatever the model does.
refused "the loss simcse compares the rows of a batch" "${to[@]}" --set loss.name=simcse --set train.batch_size=1
refused "hardness: hard is for rows' own negatives" "${to[@]}" --set loss.name=simcse --set loss.hardness=hard \
    --set loss.hardness_strength=5
printf '{"anchor": "q1", "label": "a"}\n{"anchor": "q2", "label": "b"}\n' >labels.jsonl
refused "each row of $PWD/labels.jsonl has its own" "${to[@]}" --set data.train.file=labels.jsonl \
    --set loss.name=batch_all_triplet
printf '{"anchor": "q1", "positive": "d1", "score": 0.5}\n{"anchor": "q2", "positive": "d2", "score": 0.5}\n' >same.jsonl
refused "goes by the order of scores" "${to[@]}" --set data.train.file=same.jsonl --set loss.name=cosent
refused "takes rows with a score of 0 or 1" "${to[@]}" --set data.train.file=same.jsonl --set loss.name=online_contrastive
refused "for pairs with scores write eval.metric: cosine_spearman" "${to[@]}" --set data.dev.file=same.jsonl

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
