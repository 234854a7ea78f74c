# shellcheck shell=bash
# A model's own similarity_fn_name is what it is scored, searched and trained by. The figures are those of
# sentence-transformers 6.2: InformationRetrievalEvaluator and TripletEvaluator on the same folders and files.
tiny="$SOURCE/tests/goldens/tiny"

# model NAME SIMILARITY: the tiny model's mean of tokens, not normalized, without prompts.
model()
{
    cp -r "$tiny" "$1"
    chmod -R u+w "$1"
    rm -r "$1/2_Dense" "$1/3_Normalize"
    cat >"$1/modules.json" <<'JSON'
[{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
 {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]
JSON
    printf '{"prompts": {}, "similarity_fn_name": %s}' "$2" >"$1/config_sentence_transformers.json"
}
for name in cosine dot euclidean manhattan; do
    model "$name" "\"$name\""
done
model unsaid null

# Texts of other lengths, none twice.
mkdir -p set/qrels
awk 'BEGIN {
    n = split("dog cat fox man sun red big small day one box hat run sea the a in", w, " ")
    x = 7
    for (i = 0; i < 60; i++) {
        t = w[i % n + 1] " " w[int(i / n) + 1]
        x = (x * 1103 + 12345) % 65537
        for (k = x % 7; k > 0; k--) {
            x = (x * 1103 + 12345) % 65537
            t = t " " w[x % n + 1]
        }
        printf "{\"_id\": \"d%d\", \"title\": \"\", \"text\": \"%s\"}\n", i, t >"set/corpus.jsonl"
        if (i % 3 == 0)
            printf "{\"_id\": \"q%d\", \"text\": \"%s\"}\n", i, w[x % n + 1] " " t >"set/queries.jsonl"
        text[i] = t
    }
    print "query-id\tcorpus-id\tscore" >"set/qrels/test.tsv"
    for (i = 0; i < 60; i += 3)
        for (k = 0; k < 4; k++)
            printf "q%d\td%d\t1\n", i, (i * 7 + k * 11) % 60 >"set/qrels/test.tsv"
    for (i = 0; i + 40 < 60; i++) {
        printf "{\"anchor\": \"%s\", \"positive\": \"%s\", \"negative\": \"%s\"}\n", text[i], text[i + 20], \
            text[i + 40] >"triplets.jsonl"
        printf "{\"anchor\": \"%s\", \"positive\": \"%s\", \"score\": %d}\n", text[i], text[i + 20], i * 7 % 11 \
            >"scored.jsonl"
    }
}'

# The model, its NDCG@10 and MAP@100, triplet accuracy and Spearman's correlation, the nearest row's score.
while read -r name ndcg map accuracy spearman score; do
    expect 0 "$TERN" eval "$name" set --json --tolerance 0.000005 --expect "ndcg_at_10=$ndcg" --expect "map_at_100=$map"
    expect_line out "\"similarity\": \"${name/unsaid/cosine}\""
    expect 0 "$TERN" eval "$name" triplets.jsonl --tolerance 0.000005 --expect "triplet_accuracy=$accuracy"
    expect 0 "$TERN" eval "$name" scored.jsonl
    [[ "$(sed -n 2p out)" =~ ^${name/unsaid/cosine}_spearman\ +$spearman$ ]] || fail "$name: $(cat out)"
    expect 0 "$TERN" search "$name" set --query "red fox" --top 1
    [[ "$(cat out)" == *" $score  d30 "* ]] || fail "$name: $(cat out)"
    expect 0 "$TERN" info "$name" --json
    expect_line out "\"similarity\":\"${name/unsaid/cosine}\""
done <<'TABLE'
cosine    0.13913007 0.13319035 0.45 -0.04678 0.9979
dot       0.11714843 0.12898802 0.65  0.06714 18.5915
euclidean 0.13425862 0.13374856 0.45 -0.08223 -0.2854
manhattan 0.14282804 0.13891543 0.40 -0.03848 -0.8692
unsaid    0.13913007 0.13319035 0.45 -0.04678 0.9979
TABLE

# Judged documents alone are ranked by it too, and many queries together as one by one.
for name in dot euclidean; do
    expect 0 "$TERN" eval "$name" set --judged-only --save-run "$name.run"
    expect 0 "$TERN" eval "$name" set --save-run "$name-whole.run"
    awk 'NR == FNR { whole[$1, $3] = $5; next }
        { off = $5 - whole[$1, $3]; if (off > 1e-4 || off < -1e-4) exit 1; n++ }
        END { exit n < 60 }' "$name-whole.run" "$name.run" || fail "$name: other scores with --judged-only"
    sed -E 's/.*"text": "([^"]*)".*/\1/' set/corpus.jsonl >queries.txt
    expect 0 "$TERN" search "$name" set --json --top 2 <queries.txt
    cp out together
    while read -r query; do
        "$TERN" search "$name" set --json --top 2 --query "$query"
    done <queries.txt >alone
    cmp alone together || fail "$name: queries together are answered otherwise than alone"
done

# A run on such a base: base and tuned are scored by it, and the export keeps it.
cat >run.yaml <<'YAML'
model: dot
data: {train: {file: triplets.jsonl}, test: {beir: set}}
loss: multiple_negatives_ranking
train: {batch_size: 20, max_steps: 2, learning_rate: 1.0e-9, dropout: 0}
output: {dir: run}
YAML
first_loss() { head -n 1 "$1/metrics.jsonl" | grep -o '"loss":[^,]*'; }
expect 0 "$TERN" train run.yaml --json
grep -oq '"base":{[^}]*"ndcg_at_10":0.11714842' out || fail "$(cat out)"
expect 0 "$TERN" eval run/model set --expect ndcg_at_10=0.11714843 --tolerance 0.000005
grep -q '"similarity_fn_name": "dot"' run/model/config_sentence_transformers.json || fail "the export has another similarity"

# Losses compare as the base does: sentence-transformers' MultipleNegativesRankingLoss and CoSENTLoss with dot products
# and a scale of 1 give 3.790833 and 5.693272.
[[ "$(first_loss run)" == *:3.79083* ]] || fail "$(first_loss run)"
expect 0 "$TERN" train run.yaml --set output.dir=pairs --set data.train.file=scored.jsonl --set loss=cosent \
    --set data.test.file=scored.jsonl --set data.test.score=score
[[ "$(first_loss pairs)" == *:5.69327* ]] || fail "$(first_loss pairs)"
grep -q '"metric":"dot_spearman"' pairs/result.json || fail "$(cat pairs/result.json)"
expect 0 "$TERN" train run.yaml --set output.dir=told --set loss.similarity=cosine --set loss.scale=1 --set model=dot
expect 0 "$TERN" train run.yaml --set output.dir=cosine-run --set loss.scale=1 --set model=cosine
[ "$(first_loss told)" = "$(first_loss cosine-run)" ] || fail "similarity: cosine isn't the cosine"
cp -r "$tiny" unit
chmod -R u+w unit
sed -i 's/"cosine"/"dot"/' unit/config_sentence_transformers.json
expect 0 "$TERN" train run.yaml --set output.dir=unit-run --set model=unit
expect 0 "$TERN" train run.yaml --set output.dir=tiny-run --set model="$tiny"
[ "$(first_loss unit-run)" = "$(first_loss tiny-run)" ] || fail "dot products of vectors of length 1 aren't cosines"

# What can't be is refused by name.
refused()
{
    expect_sentence 1 "$TERN" train run.yaml --set output.dir=never "${@:2}"
    expect_line err "$1"
}
refused "the loss multiple_negatives_ranking compares by cosine or dot product, and the base model's similarity is manhattan" \
    --set model=manhattan
refused "the loss mega_batch_margin has margins of cosines" --set loss=mega_batch_margin
refused "inside matryoshka compares vectors of length 1" --set 'loss.matryoshka=[16, 8]'
refused "the loss contrastive goes by a distance, and the base model's similarity is dot" --set loss=contrastive \
    --set data.train.file=scored.jsonl --set 'data.train.score_range=[0, 10]'
refused "the loss triplet takes no similarity" --set loss.name=triplet --set loss.similarity=dot
expect 0 "$TERN" train run.yaml --set output.dir=near --set loss=contrastive --set model=euclidean \
    --set data.train.file=scored.jsonl --set 'data.train.score_range=[0, 10]'
expect 0 "$TERN" train run.yaml --set output.dir=near-told --set loss.name=contrastive --set model=euclidean \
    --set data.train.file=scored.jsonl --set 'data.train.score_range=[0, 10]' --set loss.distance=euclidean
[ "$(first_loss near)" = "$(first_loss near-told)" ] || fail "contrastive doesn't go by the base's distance"
expect_sentence 1 "$TERN" export run/model mixed --mix 0.5 --base cosine
expect_line err "they differ in their similarity (dot and cosine)"
model other '"maxsim"'
expect_sentence 1 "$TERN" eval other set
expect_line err 'its similarity_fn_name "maxsim" is not known to tern; cosine, dot, euclidean and manhattan are'

# A run that began when all models were compared by cosine is another run.
sed -i 's/similarity of the base: dot\\n//' run/run.json
expect_sentence 1 "$TERN" train run.yaml
expect_line err '"similarity of the base: dot" now only'
