# shellcheck shell=bash
# The base that tern train reports is the base that everybody uses: what tern eval says of its folder, whatever the
# recipe's lengths and prompts are. The tuned model is scored as it is exported.
tiny="$SOURCE/tests/goldens/tiny"

# A BEIR folder and files of rows in the tiny model's words, some longer than its 20 tokens.
mkdir -p set/qrels
awk 'BEGIN {
    split("dog cat fox man sun red big small day one", w, " ")
    for (i = 0; i < 30; i++) {
        t = ""
        for (k = 0; k <= i % 9; k++)
            t = t " the " w[(i * 7 + k * 3) % 10 + 1] " " w[(i + k * k) % 10 + 1]
        printf "{\"_id\": \"d%d\", \"text\": \"%s\"}\n", i, substr(t, 2) >"set/corpus.jsonl"
        q = w[(i * 3) % 10 + 1] " " w[(i * 7) % 10 + 1] " in the " w[i % 10 + 1]
        if (i < 12)
            printf "{\"_id\": \"q%d\", \"text\": \"%s\"}\n", i, q >"set/queries.jsonl"
        printf "{\"anchor\": \"%s\", \"positive\": \"%s\", \"negative\": \"a %s\"}\n", q, substr(t, 2), w[i % 10 + 1] \
            >"rows.jsonl"
        printf "{\"anchor\": \"%s\", \"positive\": \"%s\", \"score\": %d}\n", q, substr(t, 2), i % 4 >"scored.jsonl"
    }
    print "query-id\tcorpus-id\tscore" >"set/qrels/test.tsv"
    for (i = 0; i < 12; i++)
        printf "q%d\td%d\t1\n", i, (i * 5) % 30 >"set/qrels/test.tsv"
}'
cp set/qrels/test.tsv set/qrels/dev.tsv
cat >still.yaml <<YAML
model: $tiny
data: {train: {file: rows.jsonl}, dev: {beir: set}, test: {beir: set}}
loss: multiple_negatives_ranking
train: {batch_size: 8, max_steps: 3, learning_rate: 1.0e-9}
output: {dir: run}
YAML

# figures_of KEY FILE: the object of figures under a key of a JSON file, without blanks.
figures_of()
{
    tr -d ' \n' <"$2" | grep -o "\"$1\":{[^}]*}" | head -n 1 | cut -d: -f2-
}

# expect_figures KEY RUN MODEL DATA [FLAG...]: the run's figures are those of tern eval, to the last digit.
expect_figures()
{
    local key=$1 run=$2 model=$3 data=$4
    shift 4
    expect 0 "$TERN" eval "$model" "$data" --json "$@"
    [ "$(figures_of "$key" "$run/result.json")" = "$(figures_of metrics out)" ] ||
        fail "$key of $run: $(figures_of "$key" "$run/result.json"), tern eval: $(figures_of metrics out)"
}

# train RUN FLAG...
train()
{
    local run=$1
    shift
    expect 0 "$TERN" train still.yaml --set output.dir="$run" --force "$@"
}

number=0
for change in "train.max_seq_length=12" "prompts.query=small " "prompts.document=" \
    "train.max_seq_length=24|prompts.query=|prompts.document=big " "output.max_seq_length=11" \
    "train.max_seq_length=12|output.max_seq_length=24"; do
    sets=()
    IFS='|' read -ra keys <<<"$change"
    for key in "${keys[@]}"; do
        sets+=(--set "$key")
    done
    run=run-$((number += 1))
    train "$run" "${sets[@]}"
    expect_figures base "$run" "$tiny" set
    expect_figures tuned "$run" "$run/model" set
done

# Where recipe and base differ there is a second row: the base as it was read in training, with a p-value of its own.
train cut --set train.max_seq_length=10 --set prompts.query="small "
expect_line err "base model on test, cut at 10 tokens, with the recipe's prompts: ndcg_at_10 "
expect_line err " training texts (78 %) are cut at 10 tokens (train.max_seq_length)"
grep -qE '^  base as trained +[0-9.]+ +[0-9.]+ +[-+][0-9.]+   p = [0-9.]+$' out || fail "no second row: $(cat out)"
expect_line out "training texts (78 %) were cut at 10 tokens"
grep -qE '"p_value_as_trained":[0-9.]+,' cut/result.json || fail "$(cat cut/result.json)"
grep -q '"dev":{"base":[0-9.e-]*,"best":[0-9.e-]*,"step":[0-9]*,"base_as_trained":' cut/result.json ||
    fail "$(cat cut/result.json)"
[ "$(head -n 1 cut/per_query.csv)" = "query_id,base_ndcg_at_10,tuned_ndcg_at_10,base_as_trained_ndcg_at_10" ] ||
    fail "per_query.csv: $(head -n 1 cut/per_query.csv)"
cp -r "$tiny" as-trained
chmod -R u+w as-trained
printf '{"max_seq_length": 10}' >as-trained/sentence_bert_config.json
sed -i 's/"the query: "/"small "/' as-trained/config_sentence_transformers.json
expect_figures base_as_trained cut as-trained set
expect 0 "$TERN" info cut/result.json
expect_line out "base as trained"

# No second row where it would be the first one again: nothing changed, or no text of the set is that long.
train same --set train.max_seq_length=20
grep -q as_trained same/result.json && fail "$(cat same/result.json)"
printf '{"anchor": "%s", "positive": "a %s", "negative": "%s"}\n' dog dog cat fox fox man >short.jsonl
train shorter --set train.max_seq_length=13 --set data.test.file=short.jsonl --set data.dev.file=short.jsonl
grep -q as_trained shorter/result.json && fail "$(cat shorter/result.json)"

# The export keeps the base's length unless the recipe says otherwise.
expect 0 "$TERN" info run-1/model --json
expect_line out '"max_seq_length":20'
expect 0 "$TERN" info run-6/model --json
expect_line out '"max_seq_length":24'
expect_line out '"query_prompt":"the query: "'
expect_sentence 1 "$TERN" train still.yaml --set output.dir=never --set output.max_seq_length=25
expect_line err "--set output.max_seq_length: 25 is more than the model's 24 positions"
expect_sentence 1 "$TERN" train still.yaml --set output.dir=never --set output.max_seq_length=2
expect_line err "leaves no room for a text"
train long --set train.max_seq_length=24
expect_line err "training reads up to 24 tokens of a text, the exported model 20"

# A default prompt that is the query's goes with it, and an empty prompt takes the place of another name's.
cp -r "$tiny" asking
chmod -R u+w asking
sed -i 's/"default_prompt_name": null/"default_prompt_name": "query"/' asking/config_sentence_transformers.json
train pairs --set model=asking --set data.test.file=scored.jsonl --set data.dev.file=scored.jsonl \
    --set eval.metric=cosine_spearman --set prompts.query="big red " --set prompts.document=
expect_figures base pairs asking scored.jsonl
expect_figures tuned pairs pairs/model scored.jsonl
expect 0 "$TERN" info pairs/model --json
expect_line out '"document_prompt":""'

# A base that claims more tokens than it has positions reads what it can, as tern eval does.
cp -r "$tiny" long-winded
chmod -R u+w long-winded
printf '{"max_seq_length": 512}' >long-winded/sentence_bert_config.json
train claims --set model=long-winded --set train.max_seq_length=12
expect_figures base claims long-winded set
expect_figures tuned claims claims/model set
expect 0 "$TERN" info claims/model --json
expect_line out '"max_seq_length":24'

# A model that is trained further in its own folder: its base is what it was.
expect 0 "$TERN" train still.yaml --set output.dir=further --set train.learning_rate=0.01
expect 0 "$TERN" train still.yaml --set output.dir=further --set model=further/model --force --set train.max_seq_length=12
expect_figures base further further/base/model set
expect_figures tuned further further/model set
grep -q '"base_model":"further/base/model"' further/result.json || fail "$(cat further/result.json)"

# A data set's own prompt counts as trained, and is no part of the exported model.
train own --set data.train.prompts.query="small "
expect_line err 'warning: training puts "small " before each query, and the exported model "the query: "'
expect_figures base own "$tiny" set
expect_figures tuned own own/model set
grep -q base_as_trained own/result.json || fail "$(cat own/result.json)"

# A base that cuts its vectors: trained whole, scored and exported as it cuts.
cp -r "$tiny" truncated
chmod -R u+w truncated
sed -i 's/"similarity_fn_name"/"truncate_dim": 3,\n  &/' truncated/config_sentence_transformers.json
train vectors --set model=truncated --set train.learning_rate=0.01 --set train.max_seq_length=13 \
    --set 'loss.matryoshka=[6, 4]'
expect_figures base vectors truncated set
expect_figures tuned vectors vectors/model set
expect 0 "$TERN" info vectors/model --json
expect_line out '"dimensions":3'
grep -q '"truncate_dim": 3' vectors/model/config_sentence_transformers.json || fail "truncate_dim is lost"
train whole --set train.learning_rate=0.01 --set train.max_seq_length=13 --set 'loss.matryoshka=[6, 4]' \
    --no-eval
train whole-cut --set model=truncated --set train.learning_rate=0.01 --set train.max_seq_length=13 \
    --set 'loss.matryoshka=[6, 4]' --no-eval
for loss in "{name: embedding_mse, teacher: $tiny}" "{name: guided, guide: truncated}" \
    '{name: multiple_negatives_ranking, adaptive_layer: true}'; do
    sed "s|^loss: .*|loss: ${loss//|/}|" still.yaml >other.yaml
    expect 0 "$TERN" train other.yaml --set model=truncated --set output.dir=other --force
    expect_figures tuned other other/model set
done
cmp whole/model/model.safetensors whole-cut/model/model.safetensors || fail "truncate_dim changes what is learned"

# Killed and resumed: the same result.
part_of()
{
    sed -E 's/"(seconds|tokens_per_second|peak_memory_mb|planned_memory_mb)":[^,]*,//g; s/"model":"[^"]*"//' "$1/result.json"
}
settings=(--set train.max_seq_length=10 --set "prompts.query=small " --set train.max_steps=6 --set eval.every=2
    --set output.checkpoint_every=1 --set train.learning_rate=0.01)
expect 0 "$TERN" train still.yaml --set output.dir=at-once "${settings[@]}"
for fault in checkpoint:1 checkpoint:400 model:2; do
    rm -rf struck
    TERN_FAULT=$fault expect 137 "$TERN" train still.yaml --set output.dir=struck "${settings[@]}"
    expect 0 "$TERN" train still.yaml --set output.dir=struck "${settings[@]}"
    [ "$(part_of struck)" = "$(part_of at-once)" ] || fail "after $fault: $(part_of struck), not $(part_of at-once)"
done

# Scores that are of something else are made again, not mixed with those of this run. Runs of earlier versions, which cut
# and prompted the base too, are refused by the version in their checkpoints (tests/test_checkpoint.c).
rm -rf struck
TERN_FAULT=checkpoint:400 expect 137 "$TERN" train still.yaml --set output.dir=struck "${settings[@]}"
echo 0123456789abcdef >struck/base/dev.data
sed -i 's/,[0-9.]*$/,0.5/' struck/base/dev.csv
expect 0 "$TERN" train still.yaml --set output.dir=struck "${settings[@]}"
[ "$(part_of struck)" = "$(part_of at-once)" ] || fail "scores of another base: $(part_of struck)"

# A run that scores nothing says so, and how to find out.
cat >blind.yaml <<YAML
model: $tiny
data: {train: {file: rows.jsonl}}
loss: multiple_negatives_ranking
train: {batch_size: 8, max_steps: 2}
output: {dir: blind}
YAML
expect 0 "$TERN" train blind.yaml
expect_line out "Nothing was measured: give held-out rows as data.dev (to choose the best checkpoint) and data.test;"
expect_line out "compare tern eval $tiny DATA with tern eval blind/model DATA"
grep -q '"measured":false' blind/result.json || fail "$(cat blind/result.json)"
expect 0 "$TERN" train still.yaml --set output.dir=unseen --no-eval --quiet
expect_line out "Nothing was measured: with --no-eval neither data.dev nor data.test is read"
grep -q '"measured":true' cut/result.json || fail "$(cat cut/result.json)"
