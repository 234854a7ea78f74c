# shellcheck shell=bash
# A reader of stdout that goes away is no failure to speak of: silence, and the end by SIGPIPE that other tools have.
source "$SOURCE/tests/commands/train_toy.bash"
make_toy
tiny=$SOURCE/tests/goldens/tiny
yes 'the dog and the cat' 2>yes.err | head -20000 >lines.txt || true
head -50 lines.txt >few.txt

# expect_pipe COMMAND...: what its reader leaves after one line.
expect_pipe()
{
    local status
    set +e
    "$@" 2>err | head -1 >out
    status=${PIPESTATUS[0]}
    set -e
    [ "$status" -eq 141 ] || fail "exit status $status, not 141, of: $*"
    [ ! -s err ] || fail "a closed pipe is not silent: $(cat err)"
    [ -s out ] || fail "nothing came out of: $*"
}

expect_pipe "$TERN" tokenize "$tiny" lines.txt --quiet
expect_pipe "$TERN" encode "$tiny" lines.txt --output - --quiet
# Queries without an end.
expect_pipe "$TERN" search "$tiny" few.txt --json --quiet < <(yes zebra 2>>yes.err)

# Output so short that it is written at the end, to a reader that is gone by then.
into_nothing()
{
    local status
    set +e
    { sleep 0.2; "$@"; } 2>err | true
    status=${PIPESTATUS[0]}
    set -e
    [ "$status" -eq 141 ] || fail "exit status $status, not 141, of: $*"
    [ ! -s err ] || fail "a closed pipe is not silent: $(cat err)"
}
into_nothing "$TERN" --version
into_nothing "$TERN" help recipe-keys
into_nothing "$TERN" info "$tiny"
into_nothing "$TERN" selftest --only linear

# A run is not lost with the reader of its report, nor with that of its progress.
into_nothing "$TERN" train toy.yaml --set output.dir=one --quiet
[ -s one/result.json ] || fail "a closed stdout costs the run its result"
set +e
{ sleep 0.2; "$TERN" train toy.yaml --set output.dir=two >two.out; } 2>&1 | true
status=${PIPESTATUS[0]}
set -e
[ "$status" -eq 0 ] || fail "a closed stderr ends a run with $status"
cmp one/model/model.safetensors two/model/model.safetensors
grep -qF "The model is in two/model" two.out || fail "no report: $(cat two.out)"
