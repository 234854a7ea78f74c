# shellcheck shell=bash
# With little memory (ulimit -v) every command does its work or ends with one sentence and exit status 1: it never hangs,
# is killed or leaves a half-written output. OpenBLAS, which would hang, has no threads of its own.
source "$SOURCE/tests/commands/train_toy.bash"
TINY=$SOURCE/tests/goldens/tiny
make_toy
printf 'one text\nanother\n' >texts.txt

# limited KILOBYTES COMMAND...
limited()
{
    (
        ulimit -v "$1"
        exec timeout 60 "${@:2}"
    )
}
limited 2000000 "$TERN" --version >out 2>err || skip "the program doesn't start with 2 GB of addresses (a sanitizer?)"

# One thread was asked for, one there is.
mkfifo waiting
"$TERN" tokenize "$TINY" waiting --threads 1 >out 2>err &
run=$!
exec 3>waiting
tasks=("/proc/$run/task/"*)
[ "${#tasks[@]}" -eq 1 ] || fail "${#tasks[@]} threads where one was asked for"
exec 3>&-
wait "$run" || fail "$(cat err)"

TERN_FAULT=checkpoint:150 expect 137 "$TERN" train toy.yaml --set output.dir=half --set output.checkpoint_every=2 --quiet
[ -n "$(ls half/checkpoints)" ] || fail "no state to go on from"
find half -name '.tern-*.tmp' -exec rm -rf {} +

expect 0 "$TERN" export "$TINY" whole --quiet

# tried KILOBYTES COMMAND...: it may do its work or fail with a sentence; what it wrote goes.
tried()
{
    local status=0 left
    rm -rf results
    mkdir results
    cp -r half results/half
    limited "$@" >out 2>err || status=$?
    if [ "$status" -ne 0 ]; then
        [ "$status" -eq 1 ] || fail "exit status $status with $1 kB of: ${*:2}: $(cat err)"
        [ "$(grep -c . err)" -eq 1 ] || fail "not one sentence with $1 kB of: ${*:2}: $(cat err)"
        [ ! -e results/x.npy ] || fail "vectors were written in spite of the failure with $1 kB"
    fi
    # An export that failed while it read back what it had written leaves it whole.
    [ ! -e results/model ] || cmp -s results/model/model.safetensors whole/model.safetensors ||
        fail "half a model was written with $1 kB"
    left=$(find results -name '.tern-*.tmp')
    [ -z "$left" ] || fail "left behind with $1 kB of ${*:2}: $left"
    return "$status"
}

# The least with which the libraries can be loaded: below it the system's loader speaks, not the program.
least=20000
until limited "$least" "$TERN" --version >out 2>err || [ "$(grep -c '^tern: out of memory' err)" -eq 1 ]; do
    least=$((least + 1000))
done

# Every command that works with much works with all more of it, and with less it says so.
for command in "encode $TINY texts.txt --output results/x.npy" "tokenize $TINY texts.txt" "info $TINY" \
    "search $TINY texts.txt --query one" "data check train.jsonl" "export $TINY results/model" "eval $TINY test.jsonl" \
    "info half/checkpoints/step-2.h5" "train toy.yaml --set output.dir=results/run --set train.max_steps=2" \
    "train toy.yaml --set output.dir=results/half"; do
    done_with=0
    for more in 0 3000 6500 10000 13300 17000 21000 26000 32000 45000 80000 120000 190000 260000 330000 1000000; do
        # shellcheck disable=SC2086
        if tried $((least + more)) "$TERN" $command --quiet; then
            done_with=$more
        fi
    done
    [ "$done_with" -eq 1000000 ] || fail "1 GB isn't enough for: $command: $(cat err)"
done

# Threads that can't be had.
(
    ulimit -v $((least + 60000))
    expect_sentence 1 timeout 60 "$TERN" info "$TINY" --threads 64
    expect_line err "can't start 64 threads"
)
