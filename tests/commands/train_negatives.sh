# Training on files whose rows have different numbers of negatives, and on judged ones: so many are drawn each epoch.
# shellcheck source=tests/commands/train_toy.bash
. "$SOURCE/tests/commands/train_toy.bash"
make_toy

# FlagEmbedding's form: every row of the triplets with one to four negatives, of each fifth none.
awk -F'"' '{ other[NR % 4] = $12; list = ""
    for (i = 0; i < NR % 5; i++) list = list (i ? ", " : "") "\"" other[(NR + 4 - i) % 4] "\""
    printf "{\"query\": \"%s\", \"pos\": [\"%s\"], \"neg\": [%s], \"prompt\": \"p\", \"type\": \"t\"}\n", $4, $8, list }' \
    train.jsonl >flag.jsonl

# trains DIR ...: the toy task on flag.jsonl, without evaluation.
trains()
{
    local dir=$1
    shift
    "$TERN" train toy.yaml --no-eval --quiet --set data.train.file=flag.jsonl --set "output.dir=$dir" "$@"
}
two=(--set data.train.negatives_per_row=2)

# Without the key it is refused, and nothing is written; with it what is short is counted.
expect_sentence 1 trains run
expect_line err 'flag.jsonl:2: the row has 2 negatives, and the first row has 1; rows have 0 to 4 negatives: in a recipe set data.train.negatives_per_row'
[ ! -e run ] || fail "a run that was refused wrote"
expect 0 trains run "${two[@]}" --json
expect_line err "flag.jsonl: 36 of 90 rows have fewer than 2 negatives, and use as many as there are; 18 of them have none"
expect_line err 'flag.jsonl: 2 columns are not used: prompt, type'
expect_line out '"negatives":{"rows_short":36,"rows_without":18,'
grep -q '36 of 90 rows have fewer than 2' run/result.json || fail "no warning in result.json"
wanted=$(weights_of run)

# The same bits at any number of threads, and after a run that was struck dead in the second epoch.
for threads in 1 2; do
    expect 0 trains "threads-$threads" "${two[@]}" --threads "$threads"
    expect_weights "threads-$threads" "$wanted" "$threads threads"
done
TERN_FAULT=checkpoint:60 expect 137 trains struck "${two[@]}" --set output.checkpoint_every=8
expect 0 trains struck "${two[@]}" --set output.checkpoint_every=8
expect_weights struck "$wanted" "struck dead and resumed"
expect 0 trains seed "${two[@]}" --set train.seed=7
[ "$(weights_of seed)" != "$wanted" ] || fail "another seed draws the same"

# As many on each row: lists are what columns are.
expect 0 "$TERN" train toy.yaml --no-eval --quiet --set output.dir=columns
sed -E 's/"negative": ("[^"]*")/"negative": [\1]/; s/"positive": ("[^"]*")/"positive": [\1]/' train.jsonl >lists.jsonl
expect 0 trains lists --set data.train.file=lists.jsonl
expect_weights lists "$(weights_of columns)" "lists of one text"

# Without dropout equal texts are encoded once; triplets are those that there are.
expect 0 trains merged "${two[@]}" --set train.dropout=0
expect 0 trains triplets "${two[@]}" --set loss.name=triplet
expect 0 trains bucketed "${two[@]}" --set train.bucket=4

# What has no use for them, or takes the same number from each row.
expect_sentence 1 trains bad --set data.train.negatives_per_row=0
expect_line err 'data.train.negatives_per_row is "0", out of range; it takes a whole number from 1 to 64'
expect_sentence 1 trains bad "${two[@]}" --set loss.name=simcse
expect_line err '--set data.train.negatives_per_row: the loss simcse takes no negatives; leave out negatives_per_row'
sed 's/, "neg": \[[^]]*\]//' flag.jsonl >pairs.jsonl
expect 1 trains bad "${two[@]}" --set data.train.file=pairs.jsonl
expect_line err "pairs.jsonl has no negatives to draw from"
awk -F'"neg": ' '{ n = gsub(/, "the/, ", \"the", $2) + ($2 !~ /^\[\]/); scores = ""
    for (i = 0; i < n; i++) scores = scores (i ? ", " : "") i / 4
    printf "%s\"pos_scores\": [1], \"neg_scores\": [%s], \"neg\": %s\n", $1, scores, $2 }' flag.jsonl >taught.jsonl
expect 1 trains bad "${two[@]}" --set data.train.file=taught.jsonl --set loss.name=distill_kl_div
expect_line err "the loss distill_kl_div takes the same number of negatives from each row, and 36 of 90 rows of "
grep -v '"neg": \[\]' taught.jsonl | grep ', "the' >full.jsonl
expect 0 trains taught "${two[@]}" --set data.train.file=full.jsonl --set loss.name=distill_kl_div

# Judged negatives of a BEIR folder: ten documents, of which each query has one right and some wrong ones.
mkdir -p faq/qrels
for i in 0 1 2 3 4 5 6 7 8 9; do
    echo "{\"_id\": \"q$i\", \"text\": \"what is q$i q$i\"}" >>faq/queries.jsonl
    echo "{\"_id\": \"d$i\", \"text\": \"the d$i d$i\"}" >>faq/corpus.jsonl
    printf 'q%d\td%d\t2\n' "$i" "$i" >>judged
    for j in 1 2 3 4; do
        [ "$i" -gt 7 ] || printf 'q%d\td%d\t0\n' "$i" $(((i + j) % 10)) >>judged
    done
done
{ printf 'query-id\tcorpus-id\tscore\n' && cat judged; } >faq/qrels/train.tsv
cat >judged.yaml <<'YAML'
scratch: {layers: 2, width: 32, heads: 2, intermediate: 64, max_positions: 32, vocab: vocab.txt}
data:
  train: {beir: faq, negatives: {judged: "<=0", per_row: 3}}
loss: multiple_negatives_ranking
train: {batch_size: 4, epochs: 3}
output: {dir: judged-run}
YAML
expect 0 "$TERN" train judged.yaml --no-eval --quiet --json
expect_line err "faq/qrels/train.tsv: 2 of 10 rows have fewer than 3 negatives, and use as many as there are; 2 of them have none, since 2 queries have no document judged <=0"
expect_line out '"negatives":{"rows_short":2,"rows_without":2,"anchors_without":2,"left_out":0}'
expect_sentence 1 "$TERN" train judged.yaml --set 'data.train.negatives.judged=<=1'
expect_line err 'data.train.negatives.judged is "<=1", and positives begin at grade 1; no grade can be both'
sed 's/, per_row: 3//' judged.yaml >half.yaml
expect_sentence 1 "$TERN" train half.yaml
expect_line err "half.yaml:3: data.train.negatives.judged is given without per_row"

# Whatever form tern mine writes is read, rows with fewer negatives than others included.
cp -r "$SOURCE/tests/goldens/tiny" tiny
sed -E 's/what is q/d/; s/(anchor": "d[0-9]* )q/\1d/; s/, "negative.*/}/; 1s/"d[^"]*"/"nothing"/' train.jsonl >words.jsonl
cat >mined.yaml <<'YAML'
model: tiny
data: {train: {file: words.jsonl}}
loss: multiple_negatives_ranking
train: {batch_size: 8, max_steps: 2, memory: 1GB}
output: {dir: mined-run}
mine: {miners: {bm25: 1}, num_negatives: 4, relative_margin: none}
YAML
for form in tuples triplets lists pairs flag; do
    loss=multiple_negatives_ranking
    draws=(--set data.train.negatives_per_row=2)
    [ "$form" != pairs ] || { loss=contrastive && draws=(); }
    expect 0 "$TERN" mine mined.yaml --output "mined-$form.jsonl" --quiet --set "mine.output=$form"
    sed '/^mine:/d' mined.yaml >after.yaml
    expect 0 "$TERN" train after.yaml --no-eval --quiet --force --set "data.train.file=mined-$form.jsonl" \
        --set "loss.name=$loss" "${draws[@]}"
done
grep -q '"neg":\[\]' mined-flag.jsonl || fail "all rows have a negative, so nothing is shown of those without"
# Scores that another system didn't know are not used.
sed -E '1s/"pos_scores": ?\[[^],]*/"pos_scores": [null/' mined-flag.jsonl >unknown.jsonl
expect 0 "$TERN" train after.yaml --no-eval --quiet --force --set data.train.file=unknown.jsonl --set data.train.negatives_per_row=2
expect_line err 'unknown.jsonl: 1 score is null, so none of its scores are used'
