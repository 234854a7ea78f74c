# shellcheck shell=bash
# kill -9 at random moments, again and again until the run gets through: the same bits as the run that nobody struck, on
# the toy task and, where they are here, on the base model with scifact.
source "$SOURCE/tests/commands/train_toy.bash"
make_toy

# get_through SECONDS STRIKES COMMAND...: struck at most so often, then let run.
get_through()
{
    local seconds=$1 strikes=$2 i
    shift 2
    for ((i = 0; i < strikes; i++)); do
        strike "$seconds" "$@" && return
    done
    expect 0 "$@"
}

RANDOM=${KILL_SEED:-20}
toy=(toy.yaml --set train.max_steps=300 --set eval.every=20 --set output.checkpoint_every=15 --quiet)
expect 0 "$TERN" train "${toy[@]}" --set output.dir=whole
wanted=$(weights_of whole)
for ((round = 1; round <= 25; round++)); do
    rm -rf struck
    get_through 0.8 12 "$TERN" train "${toy[@]}" --set output.dir=struck --threads $((1 + round % 2))
    expect_weights struck "$wanted" "round $round"
    expect_whole struck 300
done

# Every place inside the writing of checkpoints, one after another, in one run that is struck at each.
rm -rf struck
for ((place = 1; place <= 400; place += 13)); do
    status=0
    TERN_FAULT=checkpoint:$place "$TERN" train "${toy[@]}" --set output.dir=struck >out 2>err || status=$?
    [ "$status" -eq 0 ] && break
    [ "$status" -eq 137 ] || fail "status $status at place $place: $(cat err)"
done
expect 0 "$TERN" train "${toy[@]}" --set output.dir=struck
expect_weights struck "$wanted" "struck at every place"

model=${XDG_CACHE_HOME:-$HOME/.cache}/tern/models/sentence-transformers/all-MiniLM-L6-v2
if [ ! -e "$model/model.safetensors" ] || [ ! -e "$TERN_DATA/scifact/corpus.jsonl" ]; then
    echo "the base model or scifact isn't here: the toy task alone"
    exit 0
fi
cat >real.yaml <<'YAML'
model: sentence-transformers/all-MiniLM-L6-v2
data: {train: {beir: "${TERN_DATA}/scifact", split: train}}
loss: {name: multiple_negatives_ranking}
train: {batch_size: 8, max_steps: 10, max_seq_length: 64}
output: {dir: real, checkpoint_every: 2}
YAML
expect 0 "$TERN" train real.yaml --set output.dir=real-whole --threads 2 --quiet
for ((round = 1; round <= 2; round++)); do
    rm -rf real
    get_through 8 5 "$TERN" train real.yaml --threads $((1 + round % 2)) --quiet
    expect_weights real "$(weights_of real-whole)" "the base model, round $round"
    expect_whole real 10
done
