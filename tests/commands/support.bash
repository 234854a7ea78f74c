# shellcheck shell=bash
# What command tests share; run sources it before the test.

# skip REASON: ends the test, counted as skipped.
skip()
{
    echo "SKIPPED: $1"
    exit 77
}

fail()
{
    echo "FAILED: $1" >&2
    exit 1
}

# need_model, need_data NAME...: skip the test when they aren't here.
need_model()
{
    [ -e "${XDG_CACHE_HOME:-$HOME/.cache}/tern/models/sentence-transformers/all-MiniLM-L6-v2/model.safetensors" ] ||
        skip "the base model isn't here; scripts/get-model.sh fetches it"
}

need_data()
{
    local name
    for name in "$@"; do
        [ -e "$TERN_DATA/$name" ] || skip "the data set $name isn't here; TERN_DATA names the folder of data sets"
    done
}

# expect STATUS COMMAND...: runs it, its output in $WORK/out and $WORK/err, and fails on any other exit status.
expect()
{
    local wanted=$1 status=0
    shift
    "$@" >"$WORK/out" 2>"$WORK/err" || status=$?
    [ "$status" -eq "$wanted" ] && return
    cat "$WORK/out" "$WORK/err" >&2
    fail "exit status $status, not $wanted, of: $*"
}

# expect_line FILE TEXT: FILE (out or err) has a line with TEXT in it.
expect_line()
{
    grep -qF -- "$2" "$WORK/$1" && return
    cat "$WORK/$1" >&2
    fail "$1 has no line with: $2"
}

# expect_sentence STATUS COMMAND...: an error as users shall see it: that exit status, nothing on stdout, and one
# line on stderr.
expect_sentence()
{
    expect "$@"
    [ -s "$WORK/out" ] && fail "stdout isn't empty after: ${*:2}"
    [ "$(wc -l <"$WORK/err")" -eq 1 ] && return
    cat "$WORK/err" >&2
    fail "stderr isn't one line after: ${*:2}"
}

# expect_silence COMMAND...: exit status 0, nothing on stdout and stderr.
expect_silence()
{
    expect 0 "$@"
    [ ! -s "$WORK/out" ] || fail "stdout of $*: $(cat "$WORK/out")"
    [ ! -s "$WORK/err" ] || fail "stderr of $*: $(cat "$WORK/err")"
}
