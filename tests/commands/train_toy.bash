# shellcheck shell=bash
# A toy task for tests of tern train: a two-layer model from scratch learns that "q7 q3" is answered by "d7 d3".

# make_toy: writes vocab.txt, train.jsonl, dev.jsonl, test.jsonl and toy.yaml into the working folder.
make_toy()
{
    {
        printf '%s\n' '[PAD]' '[UNK]' '[CLS]' '[SEP]' '[MASK]' what is the
        printf '%s\n' {q,d}{0..29}
    } >vocab.txt
    toy_rows 3 90 >train.jsonl
    toy_rows 7 20 >dev.jsonl
    toy_rows 11 20 >test.jsonl
    cat >toy.yaml <<'YAML'
scratch: {layers: 2, width: 32, heads: 2, intermediate: 64, max_positions: 32, vocab: vocab.txt}
data:
  train: {file: train.jsonl}
  dev: {file: dev.jsonl}
  test: {file: test.jsonl}
loss: {name: multiple_negatives_ranking}
train: {batch_size: 16, max_steps: 40, learning_rate: 5.0e-3, dropout: 0.1}
eval: {every: 10}
output: {dir: out}
YAML
}

# toy_rows SEED N: triplets.
toy_rows()
{
    awk -v x="$1" -v n="$2" 'BEGIN {
        for (i = 0; i < n; i++) {
            x = (x * 1103 + 12345) % 65537; a = x % 30
            x = (x * 1103 + 12345) % 65537; b = (a + 1 + x % 29) % 30
            c = (b + 5) % 30
            printf "{\"anchor\": \"what is q%d q%d\", \"positive\": \"the d%d d%d\", \"negative\": \"the d%d d%d\"}\n", \
                a, b, a, b, c, a
        }
    }'
}

# weights_of DIR: a hash of the exported weights.
weights_of()
{
    sha256sum <"$1/model/model.safetensors"
}

# expect_weights DIR WANTED WHAT
expect_weights()
{
    [ "$(weights_of "$1")" = "$2" ] || fail "$3: other weights"
}

# expect_whole DIR STEPS: nothing is left over, and metrics.jsonl has one line a step, in order.
expect_whole()
{
    local left
    left=$(find "$1" -name '*.tmp*')
    [ -z "$left" ] || fail "left over: $left"
    seq "$2" >steps.wanted
    sed -E 's/^\{"step":([0-9]+),.*\}$/\1/' "$1/metrics.jsonl" >steps.found
    cmp steps.wanted steps.found || fail "$1/metrics.jsonl: other steps than 1 to $2"
}

# strike SECONDS_MOST COMMAND...: starts it and kills it after a random time; status 0 when it got through before.
strike()
{
    local most=$1 status=0
    shift
    "$@" >"$WORK/out" 2>"$WORK/err" &
    local run=$!
    sleep "$(awk -v most="$most" -v r="$RANDOM" 'BEGIN { printf "%.3f", most * r / 32768 }')"
    kill -9 "$run" 2>/dev/null || true
    wait "$run" 2>/dev/null || status=$?
    [ "$status" -eq 0 ] || [ "$status" -eq 137 ] || fail "status $status: $(cat "$WORK/err")"
    return "$status"
}

# toy_columns WHAT N: a JSONL file of another kind made of the triplets on stdin. scored: pairs with a score of 0 to 1;
# judged: pairs with a score of 0 or 1; classes: pairs with one of three labels; labels: single texts with a label of ten
# rows each; texts: single texts; taught: triplets with a teacher's two scores; long: triplets of 16 words a text.
toy_columns()
{
    awk -v what="$1" -F'"' '
    function pair(other, more) { printf "{\"anchor\": \"%s\", \"positive\": \"%s\", %s}\n", $4, other, more }
    function long(text) { return text " " text " " text " " text }
    {
        if (what == "scored") pair(NR % 3 ? $8 : $12, "\"score\": " (NR % 3 ? 1 - NR % 7 / 20 : NR % 5 / 10))
        if (what == "judged") pair(NR % 2 ? $8 : $12, "\"score\": " NR % 2)
        if (what == "classes") pair(NR % 3 == 0 ? $4 : NR % 3 == 1 ? $8 : $12, "\"label\": \"c" NR % 3 "\"")
        if (what == "labels") printf "{\"anchor\": \"%s\", \"label\": \"l%d\"}\n", $8, NR % 9
        if (what == "texts") printf "{\"anchor\": \"%s\"}\n", $8
        if (what == "taught")
            printf "{\"anchor\": \"%s\", \"positive\": \"%s\", \"negative\": \"%s\", \"score\": [%.2f, %.2f]}\n", \
                $4, $8, $12, 1 - NR % 7 / 20, NR % 5 / 10
        if (what == "long")
            printf "{\"anchor\": \"%s\", \"positive\": \"%s\", \"negative\": \"%s\"}\n", long($4), long($8), long($12)
    }'
}
