# shellcheck shell=bash
# tern help: losses, one loss, one key, other tools' names for them, and the nearest name of a wrong one.
expect 0 "$TERN" help losses
expect_line out "    multiple_negatives_ranking: in-batch softmax"
expect_line out "anchor, positive, negative"
[ "$(grep -cE '^    [a-z_]+: ' out)" -eq "$(grep -c '^TERN_LOSS' "$SOURCE/losses/loss_list.h")" ] ||
    fail "not every loss once: $(cat out)"
while read -r loss; do
    expect 0 "$TERN" help "$loss"
    expect_line out "Recipe: loss: {name: $loss"
done < <(grep -oP '^TERN_LOSS\(\K\w+' "$SOURCE/losses/loss_list.h")
expect 0 "$TERN" help triplet
expect_line out "margin, distance"
expect 0 "$TERN" help TripletLoss
expect_line out "TripletLoss: tern calls it triplet"
expect_line out "Needs:  anchor, positive, negative"
expect 0 "$TERN" help MatryoshkaLoss
expect_line out "Recipe:  loss: {matryoshka: [384, 256, 128]}"

expect 0 "$TERN" help train.batch_size
expect_line out "Takes:   a whole number from 1 to 1048576"
expect_line out "Default: 32"
expect_line out "Recipe:  train: {batch_size: 32}"
cp out page
expect 0 "$TERN" help batch-size
cmp out page || fail "a key by its last part has another page"
expect 0 "$TERN" help num_train_epochs
expect_line out "num_train_epochs: tern calls it train.epochs"
expect_line out "Recipe:  train: {epochs: 1}"
expect 0 "$TERN" help fp16
expect_line out "train.activations"
expect 0 "$TERN" help prompts
expect_line out "prompts.document"

expect_sentence 2 "$TERN" help tripplet
expect_line err "did you mean tern help triplet?"
expect_sentence 2 "$TERN" help evall
expect_line err "did you mean tern help eval?"
expect_sentence 2 "$TERN" help learnig_rate
expect_line err "did you mean tern help train.learning_rate?"
expect_sentence 2 "$TERN" help qqqqqqqq
expect_line err "tern help losses"

# A flag that a recipe's key is; a flag of the command that is nearer comes first.
: >r.yaml
flag_leads() { local wanted=$1; shift; expect_sentence 2 "$TERN" train r.yaml "$@"; expect_line err "$wanted"; }
flag_leads "there is no flag --epochs; give --set train.epochs=3, or train.epochs in the recipe" --epochs 3
flag_leads "--set train.learning_rate=1e-5" --lr=1e-5
flag_leads "--set train.batch_size=64" --batch-size 64
flag_leads "--set output.dir=runs/a" --output_dir runs/a
flag_leads "train.threads" --device cuda
flag_leads "did you mean --force?" --foce
flag_leads "did you mean --threads?" --thread 2
flag_leads "give --set train.seed=3" --sede 3
flag_leads '--set takes KEY=VALUE, with = between the two, not "train.epochs"' --set train.epochs 3
flag_leads "there is no flag -e; flags have long names" -e 3
expect_sentence 2 "$TERN" eval a b --epochs 3
expect_line err "there is no flag --epochs (tern"
