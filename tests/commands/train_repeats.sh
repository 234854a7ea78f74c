# shellcheck shell=bash
# tern train on data in which texts recur: full batches, and what counts as a negative.
source "$SOURCE/tests/commands/train_toy.bash"
make_toy
plain=(--threads 1 --no-eval --quiet --force --set train.dropout=0)

# pairs ROWS EVERY COLUMN: triplets of their own texts, but that each EVERY-th row has the same text in COLUMN.
pairs()
{
    awk -v n="$1" -v every="$2" -v column="$3" 'BEGIN {
        hub = "\"" column "\": \"the d29 d28 d27\""
        for (i = 0; i < n; i++) {
            a = i % 30; b = int(i / 30)
            line = sprintf("{\"anchor\": \"what is q%d q%d\", \"positive\": \"the d%d d%d\", \"negative\": \"is d%d d%d\"}", \
                a, b, a, b, a, b)
            if (i % every == 0)
                sub("\"" column "\": \"[^\"]*\"", hub, line)
            print line
        }
    }'
}

# expect_rows DIR SIZE ROWS EPOCHS: every epoch has ROWS / SIZE batches, all full but the last.
expect_rows()
{
    awk -v size="$2" -v rows="$3" -v epochs="$4" 'BEGIN {
        for (e = 0; e < epochs; e++) {
            for (left = rows; left > size; left -= size)
                print size
            print left
        }
    }' >rows.wanted
    sed -E 's/.*"rows":([0-9]+),.*/\1/' "$1/metrics.jsonl" >rows.found
    cmp rows.wanted rows.found || fail "$1: batches of $(tr '\n' ' ' <rows.found)"
}

# A text in a tenth of the rows, as a negative and as a positive: 100 of 1,000 rows, 16 batches.
for column in negative positive; do
    pairs 1000 10 "$column" >hub.jsonl
    for loss in multiple_negatives_ranking mega_batch_margin; do
        expect 0 "$TERN" train toy.yaml --threads 1 --no-eval --force --set output.dir=hub --set data.train.file=hub.jsonl \
            --set train.batch_size=64 --set train.max_steps=0 --set train.epochs=2 --set loss.name="$loss"
        expect_line err "1000 rows, 32 steps of 64 rows"
        expect_rows hub 64 1000 2
    done
done
pairs 150 1 positive >all.jsonl # one answer to every question
expect 0 "$TERN" train toy.yaml "${plain[@]}" --set output.dir=all --set data.train.file=all.jsonl --set train.batch_size=64 \
    --set train.max_steps=3
expect_rows all 64 150 1

# Two data sets, one of them such a one, with batches of two sizes: the start says both.
cat >mixed.yaml <<'YAML'
scratch: {layers: 2, width: 32, heads: 2, intermediate: 64, max_positions: 32, vocab: vocab.txt}
data:
  train:
    - {file: hub.jsonl, name: hub, batch_size: 64}
    - {file: train.jsonl, name: toy, batch_size: 16}
loss: multiple_negatives_ranking
train: {epochs: 2}
output: {dir: mixed}
YAML
expect 0 "$TERN" train mixed.yaml --threads 1 --no-eval
expect_line err "1090 rows, 44 steps of 16 to 64 rows and about"
[ "$(grep '"source":"hub"' mixed/metrics.jsonl | grep -c '"rows":64,')" -eq 30 ] || fail "batches of hub aren't full"
[ "$(grep '"source":"toy"' mixed/metrics.jsonl | grep -c '"rows":16,')" -eq 10 ] || fail "batches of toy aren't full"

# A run of repeated texts that is stopped ends with the same bits.
expect 0 "$TERN" train toy.yaml --threads 1 --no-eval --quiet --set output.dir=whole --set data.train.file=hub.jsonl \
    --set train.max_steps=30
expect 0 "$TERN" train toy.yaml --threads 1 --no-eval --quiet --set output.dir=parts --set data.train.file=hub.jsonl \
    --set train.max_steps=30 --set output.checkpoint_every=7
rm -r parts/result.json parts/model parts/checkpoints/step-30.h5
expect 0 "$TERN" train toy.yaml --threads 1 --no-eval --quiet --set output.dir=parts --set data.train.file=hub.jsonl \
    --set train.max_steps=30 --set output.checkpoint_every=7
expect_weights parts "$(weights_of whole)" "resumed among repeated texts"

# first_loss FILE [SET...]: the loss of the first step on the rows of a file.
first_loss()
{
    local file=$1
    shift
    "$TERN" train toy.yaml "${plain[@]}" --set output.dir=first --set data.train.file="$file" --set train.max_steps=1 \
        "$@" >/dev/null
    sed -E 's/.*"loss":([^,]*),.*/\1/' first/metrics.jsonl
}

# expect_near WHAT FOUND WANTED
expect_near()
{
    awk -v a="$2" -v b="$3" 'BEGIN { d = a - b; exit !(d < 1e-6 && d > -1e-6) }' || fail "$1: $2, not $3"
}

row() { printf '{"anchor": "what is q%s", "positive": "%s"%s}\n' "$1" "$2" "${3:+, $3}"; }
half() { awk -v a="$1" -v b="${2:-0}" 'BEGIN { printf "%.9g\n", (a + b) / 2 }'; }

# (A, B), (B, C): to B the candidate B is no negative, so A's row alone has one.
{ row 1 "the d2"; printf '{"anchor": "the d2", "positive": "is d3"}\n'; } >chain.jsonl
row 1 "the d2" '"negative": "is d3"' >chain_alone.jsonl
alone=$(first_loss chain_alone.jsonl)
expect_near "a chain" "$(first_loss chain.jsonl)" "$(half "$alone")"
expect_near "a chain, mask: equal" "$(first_loss chain.jsonl --set loss.mask=equal)" "$(half "$alone")"
expect_near "a chain with prompts" "$(first_loss chain.jsonl --set prompts.document='is the ')" \
    "$(half "$(first_loss chain_alone.jsonl --set prompts.document='is the ')")"
# doc_to_query of (A, B) has B as an anchor, which is its own text: left out. That of (B, C) has A.
printf '{"anchor": "is d3", "positive": "the d2", "negative": "what is q1"}\n' >chain_back.jsonl
expect_near "a chain both ways" "$(first_loss chain.jsonl --set loss.symmetric=true)" \
    "$(half "$(half "$alone")" "$(half "$(first_loss chain_back.jsonl)")")"

# One pair both ways round teaches nothing: each text is the other's positive.
{ row 1 "the d2"; printf '{"anchor": "the d2", "positive": "what is q1"}\n'; } >swap.jsonl
for set in loss.symmetric=false loss.symmetric=true; do
    expect_near "a pair both ways round, $set" "$(first_loss swap.jsonl --set "$set")" 0
done
expect_near "in four directions" "$(first_loss swap.jsonl --set loss.directions=query_to_doc,query_to_query,doc_to_doc \
    --set loss.joint=true)" 0

# Anchors of one text are not held apart, with mask: equal either.
{ row 1 "the d2"; row 1 "is d3"; } >anchors.jsonl
expect_near "one anchor twice" "$(first_loss anchors.jsonl --set loss.symmetric=true)" 0
{ row 1 "the d2" '"negative": "is d3"'; } >first.jsonl
{ row 1 "is d3" '"negative": "the d2"'; } >second.jsonl
expect_near "one anchor twice, mask: equal" \
    "$(first_loss anchors.jsonl --set loss.symmetric=true --set loss.mask=equal)" \
    "$(half "$(half "$(first_loss first.jsonl)" "$(first_loss second.jsonl)")")"

# A negative that two rows share counts once against each.
{ row 1 "the d2" '"negative": "the d9"'; row 4 "is d3" '"negative": "the d9"'; } >shared.jsonl
row 1 "the d2" '"negative": "the d9", "negative_1": "is d3"' >first.jsonl
row 4 "is d3" '"negative": "the d9", "negative_1": "the d2"' >second.jsonl
expect_near "a negative of two rows" "$(first_loss shared.jsonl)" \
    "$(half "$(first_loss first.jsonl)" "$(first_loss second.jsonl)")"
[ "$(sed -E 's/.*"tokens":([0-9]+),.*/\1/' first/metrics.jsonl)" -gt 0 ] || fail "no tokens"

# SimCSE looks at anchors alone, whatever else the rows have, and equal ones aren't held apart.
for i in 1 2 3 4 5 6 7 8; do row 1 "the d$i"; done >equal.jsonl
expect_near "equal anchors under simcse" "$(first_loss equal.jsonl --set loss.name=simcse --set train.dropout=0.1)" 0
for i in 1 2 3 4 5 6 7 8; do row "$i" "the d$i d$i d$i d$i" '"negative": "is d9"'; done >more.jsonl
sed -E 's/, "positive".*/}/' more.jsonl >anchors.jsonl
for file in more anchors; do
    expect 0 "$TERN" train toy.yaml --threads 1 --no-eval --force --set output.dir=$file --set data.train.file=$file.jsonl \
        --set train.max_steps=2 --set train.batch_size=4 --set loss.name=simcse
    expect_line err "8 rows, 2 steps of 4 rows and about 40 tokens" # twice [CLS] what is qN [SEP]
    [ "$(grep -c '"rows":4,"tokens":40,' $file/metrics.jsonl)" -eq 2 ] || fail "$(cat $file/metrics.jsonl)"
done
expect_weights more "$(weights_of anchors)" "simcse over rows with positives and negatives"

# However many steps a run has, it starts at once, and hears a signal.
for sets in train.max_steps=9000000000000000 "train.epochs=1000000 --set train.max_steps=0"; do
    rm -rf endless
    # shellcheck disable=SC2086
    "$TERN" train toy.yaml --threads 1 --no-eval --set output.dir=endless --set $sets --set output.checkpoint_every=1000000 \
        >out 2>err &
    child=$!
    for ((i = 0; i < 600; i++)); do
        [ -s endless/metrics.jsonl ] && break
        sleep 0.1
    done
    [ -s endless/metrics.jsonl ] || fail "no step after a minute with $sets"
    kill -INT "$child"
    status=0
    wait "$child" || status=$?
    [ "$status" -eq 130 ] || fail "exit $status after a signal, with $sets: $(cat err)"
    expect_line err "the same command goes on"
done

# global_orthogonal pushes different texts apart, and no text from itself.
{ row 1 "the d2"; row 1 "is d3"; } >anchors.jsonl
sed 's/, "positive".*/}/' anchors.jsonl >anchor.jsonl
expect_near "global_orthogonal over one text" "$(first_loss anchor.jsonl --set loss.name=global_orthogonal)" 0
