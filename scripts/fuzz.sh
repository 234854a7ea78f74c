#!/bin/sh
# fuzz.sh SECONDS [NAME...]: builds the fuzz targets of tests/fuzz in build-fuzz and runs each for that long, as many side by
# side as there are processors. TERN_FUZZ_SEED: the same inputs wherever it runs, as many as tests/fuzz/runs says or, where
# time is up before, the first of them; without it others each time.
# Exit 1 when one fails; the input that made it fail is then in build-fuzz/found.
set -eu

cd "$(dirname "$0")/.."
seconds=${1:?usage: fuzz.sh SECONDS [NAME...]}
shift
CC=clang scripts/build.sh build-fuzz -DTERN_FUZZ=ON -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG="-O1 -g"
if [ $# -eq 0 ]; then
    for target in tests/fuzz/fuzz_*.c; do
        name=${target#tests/fuzz/fuzz_}
        set -- "$@" "${name%.c}"
    done
fi
mkdir -p build-fuzz/found build-fuzz/log
# What targets write, in memory where there is room for it.
TMPDIR=$(mktemp -d /dev/shm/tern-fuzz-XXXXXX 2>/dev/null || mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT

# One target; its log is shown when it fails.
# shellcheck disable=SC2016
run_one='
    name=$1 seconds=$2
    corpus=build-fuzz/corpus/$name seeds=tests/fuzz/seeds/$name log=build-fuzz/log/$name
    mkdir -p "$corpus" "$log"
    set -- "$corpus" "$seeds" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=3000 -max_len=8192 -print_final_stats=1 \
        -artifact_prefix="build-fuzz/found/$name-" -verbosity=0
    [ ! -f "tests/fuzz/$name.dict" ] || set -- "$@" -dict="tests/fuzz/$name.dict"
    if [ -n "${TERN_FUZZ_SEED:-}" ]; then
        runs=$(sed -n "s/^$name //p" tests/fuzz/runs)
        [ -n "$runs" ] || { echo "$name: tests/fuzz/runs has no line for it"; exit 1; }
        # What decides on the next input is neither the time one takes nor where the program lies in memory; and what
        # an earlier time learned is left aside.
        shift
        mkdir -p "$TMPDIR/$name"
        set -- "$TMPDIR/$name" "$@" -seed="$TERN_FUZZ_SEED" -runs="$runs" -entropic=0
        fixed=$(setarch -R true 2>/dev/null && echo setarch -R) || fixed=
    fi
    if ${fixed:-} build-fuzz/tests/fuzz_$name "$@" >"$log/log" 2>&1; then
        printf "%-20s %s\n" "$name" "$(sed -n "s/^stat::number_of_executed_units: */runs: /p" "$log/log")"
    else
        printf "%-20s FAILED\n" "$name"
        tail -n 40 "$log/log"
        exit 1
    fi
'
processors=$(nproc) # which goes by OMP_NUM_THREADS too
export OMP_NUM_THREADS=1 ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
printf '%s\n' "$@" | xargs -P "$processors" -I '{}' sh -c "$run_one" sh '{}' "$seconds"
