# shellcheck shell=bash
# tern train --profile: a table of where the time went, a trace of the first steps, and the same bits.
source "$SOURCE/tests/commands/train_toy.bash"
make_toy

expect 0 "$TERN" train toy.yaml --set output.dir=plain
[ ! -e plain/trace.json ] || fail "a trace without --profile"
wanted=$(weights_of plain)

expect 0 "$TERN" train toy.yaml --set output.dir=one --profile
expect_weights one "$wanted" "--profile"
expect_whole one 40
expect_line err "Trace: one/trace.json"
for row in 'within steps +pass +calls +seconds +ms/step +share +GF/s +GB/s' 'linear +backward +160 ' \
    'attention +forward +80 ' 'feed_forward +backward +80 ' 'other ' '40 steps ' 'the whole run' \
    'all +[0-9.]+ +100\.0 %'; do
    grep -qE "^$row" err || {
        cat err >&2
        fail "no line of the table is: $row"
    }
done
[ "$(tail -n 1 out)" = "The model is in one/model" ] || fail "the last line: $(tail -n 1 out)"

# Shares of the steps, "other" among them, are the whole, to rounding.
awk '/^within steps/ { on = 1; next } on && /^$/ { exit !(sum > 98.5 && sum < 101.5) }
    on && !/^40 steps/ { for (i = 2; i <= NF; i++) if ($i == "%") sum += $(i - 1) }' err || {
    cat err >&2
    fail "the shares don't add up"
}

# The trace: one event a line, the first five steps in detail, the others as one span each.
head -n 1 one/trace.json | grep -qxF '{"displayTimeUnit":"ms","traceEvents":[' || fail "$(head -n 1 one/trace.json)"
[ "$(tail -n 1 one/trace.json)" = "]}" ] || fail "the last line of the trace: $(tail -n 1 one/trace.json)"
event='^\{"ph":"X","pid":1,"tid":1,"name":"[^"]+","cat":"[a-z ]+","ts":[0-9.]+,"dur":[0-9.]+,"args":\{.*\}\},?$'
grep '"ph":"X"' one/trace.json | grep -vE "$event" && fail "events of another form"
[ "$(grep -c '"name":"adamw"' one/trace.json)" -eq 5 ] || fail "not five steps in detail"
[ "$(grep -c '"name":"step [0-9]*"' one/trace.json)" -eq 40 ] || fail "not forty steps"
for name in reading tokenising 'scoring the base' checkpoint 'scoring on dev' exporting 'scoring on test'; do
    grep -qF "\"name\":\"$name\",\"cat\":\"run\"" one/trace.json || fail "the trace has no $name"
done
grep -q '"name":"linear","cat":"forward",.*"GF/s":.*"detail":"\[[0-9]*, 32\] \[96, 32\] \[1, 96\] -> \[[0-9]*, 96\]"' \
    one/trace.json || fail "no linear with its shapes"

# The gradient cache's first pass has rows of its own.
sets=(--set train.batch_size=64 --set train.max_steps=2 --set train.dropout=0)
expect 1 "$TERN" train toy.yaml "${sets[@]}" --no-eval --set output.dir=cached --set train.memory=1MB
memory=$(sed -E 's/.*the smallest plan needs ([0-9.]+) ([MG]B).*/\1\2/' err)
expect 0 "$TERN" train toy.yaml "${sets[@]}" --no-eval --set output.dir=cached --set train.memory="$memory" --profile
grep -qE '^linear +no grad +[0-9]+ ' err || fail "no first pass in chunks: $(cat err)"
expect 0 "$TERN" train toy.yaml "${sets[@]}" --no-eval --set output.dir=half --set train.activations=bfloat16 --profile
grep -qE '^bfloat16 and back +backward +[0-9]+ ' err || fail "no row of bfloat16: $(cat err)"

# What was finished before has no profile; --quiet leaves the trace alone.
expect 0 "$TERN" train toy.yaml --set output.dir=plain --profile
expect_line err "no step was taken"
[ ! -e plain/trace.json ] || fail "a trace of a finished run"
expect 0 "$TERN" train toy.yaml --set output.dir=one --force --profile --quiet --no-eval
[ ! -s err ] || fail "--quiet says: $(cat err)"
[ -s one/trace.json ] || fail "no trace with --quiet"
expect 0 "$TERN" train toy.yaml --set output.dir=one --force --quiet
[ ! -e one/trace.json ] || fail "--force left the trace of an earlier run"
