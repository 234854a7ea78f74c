# shellcheck shell=bash
# Every family of losses, mixtures and chunks: the same bits with one thread and with two, and after kill -9 at 20
# random moments, whatever step, evaluation or checkpoint they fall into.
source "$SOURCE/tests/commands/train_toy.bash"
make_toy
for kind in scored judged classes labels texts taught long; do
    toy_columns "$kind" <train.jsonl >"$kind.jsonl"
done
RANDOM=${KILL_SEED:-20}
KILLS=${KILLS:-20}
STEPS=150
common=(--set train.max_steps="$STEPS" --set eval.every=40 --set output.checkpoint_every=7 --quiet)

# What guides and teaches: a small model of the same width, and one of another.
small=(--set train.max_steps=8 --no-eval --quiet)
expect 0 "$TERN" train toy.yaml "${small[@]}" --set output.dir=second
expect 0 "$TERN" train toy.yaml "${small[@]}" --set output.dir=narrow --set scratch.width=24

# family NAME KEY=VALUE...: the toy recipe with these keys.
family()
{
    local name=$1 kills=0 strikes=0 start seconds wanted sets=()
    shift
    for key in "$@"; do
        sets+=(--set "$key")
    done
    start=$EPOCHREALTIME
    expect 0 "$TERN" train toy.yaml "${common[@]}" "${sets[@]}" --set output.dir=whole --force --threads 1
    seconds=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }')
    wanted=$(weights_of whole)
    expect 0 "$TERN" train toy.yaml "${common[@]}" "${sets[@]}" --set output.dir=struck --force --threads 2
    expect_weights struck "$wanted" "$name with two threads"
    rm -rf struck
    while [ "$kills" -lt "$KILLS" ] && [ "$strikes" -lt $((20 * KILLS)) ]; do
        strikes=$((strikes + 1))
        if strike "$seconds" "$TERN" train toy.yaml "${common[@]}" "${sets[@]}" --set output.dir=struck \
            --threads $((1 + strikes % 2)); then
            expect_weights struck "$wanted" "$name after $kills kills"
            expect_whole struck "$STEPS"
            rm -rf struck
        else
            kills=$((kills + 1))
        fi
    done
    [ "$kills" -eq "$KILLS" ] || fail "$name: $kills kills in $strikes strikes"
    expect 0 "$TERN" train toy.yaml "${common[@]}" "${sets[@]}" --set output.dir=struck --threads 2
    expect_weights struck "$wanted" "$name after $kills kills"
    expect_whole struck "$STEPS"
    rm -rf struck
    echo "$name: $kills kills in $strikes strikes of at most $seconds s"
}

family in_batch loss.name=multiple_negatives_ranking loss.directions=query_to_doc,doc_to_query loss.learned_scale=true
family joint loss.name=infonce loss.directions=query_to_doc,doc_to_query,query_to_query,doc_to_doc loss.joint=true \
    loss.hardness=in_batch loss.hardness_strength=2
family guided loss.name=guided loss.guide=second/model
family mega_batch loss.name=mega_batch_margin train.ema=0.9
family simcse data.train.file=texts.jsonl loss.name=simcse
for distance in euclidean manhattan cosine; do
    family "triplet $distance" loss.name=triplet loss.distance=$distance
done
for loss in batch_all_triplet batch_hard_triplet batch_semi_hard_triplet batch_hard_soft_margin_triplet; do
    family "$loss" data.train.file=labels.jsonl data.train.per_label=4 loss.name=$loss
done
for loss in contrastive online_contrastive; do
    family "$loss" data.train.file=judged.jsonl loss.name=$loss
done
for loss in cosine_similarity cosent angle; do
    family "$loss" data.train.file=scored.jsonl loss.name=$loss
done
family softmax data.train.file=classes.jsonl loss.name=softmax
family "margin_mse from scores" data.train.file=taught.jsonl loss.name=margin_mse
family "margin_mse from a teacher" loss.name=margin_mse loss.teacher=second/model
family distill_kl_div loss.name=distill_kl_div loss.teacher=narrow/model loss.student_temperature=0.5
for loss in embedding_mse embedding_cosine; do
    family "$loss, projected" loss.name=$loss loss.teacher=narrow/model
done
family matryoshka loss.matryoshka=32,16,8 loss.matryoshka_per_step=2
family matryoshka2d loss.matryoshka=32,8 loss.adaptive_layer=true loss.layers_per_step=1
family "a sum" loss.name=multiple_negatives_ranking 'loss[1].name=global_orthogonal' 'loss[1].weight=0.1'
for mixing in proportional round_robin weighted temperature; do
    family "several sources, $mixing" data.mixing=$mixing data.train.weight=2 'data.train[1].file=scored.jsonl' \
        'data.train[1].loss.name=cosent' 'data.train[1].batch_size=8' 'data.train[2].file=classes.jsonl' \
        'data.train[2].loss.name=softmax'
done
family "mined each epoch" mine.num_negatives=3 mine.relative_margin=none mine.per_row=2 'mine.every=1 epoch'
family "frozen and decayed" train.freeze=embeddings train.layer_decay=0.8 train.schedule=warmup_stable_decay

# Chunks: the least memory that the plan takes, so that one batch is many chunks.
chunked=(scratch.width=128 scratch.intermediate=512 scratch.max_positions=64 data.train.file=long.jsonl train.batch_size=80)
sets=()
for key in "${chunked[@]}"; do
    sets+=(--set "$key")
done
expect 1 "$TERN" train toy.yaml "${common[@]}" "${sets[@]}" --set output.dir=none --set train.memory=10MB
expect_line err "the smallest plan needs"
memory=$(sed -E 's/.*the smallest plan needs ([0-9.]+) ([MG]B).*/\1\2/' err)
rm -rf none
expect 0 "$TERN" train toy.yaml "${sets[@]}" --set output.dir=none --set train.memory="$memory" --set train.max_steps=1
expect_line err "chunks of "
STEPS=40
common+=(--set train.max_steps="$STEPS")
family chunks "${chunked[@]}" train.memory="$memory"
family "chunks of Matryoshka2d" "${chunked[@]}" train.memory="$memory" loss.matryoshka=128,32 loss.adaptive_layer=true
