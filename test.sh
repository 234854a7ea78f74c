#!/bin/sh
# Installs what is missing, builds, and runs the tests; the last line is the count. With --all also those that take
# long (label slow): the whole quickstart, the leaderboard's figures, killed runs. With --fuzz SECONDS the fuzz targets
# instead, each for that long (tests/fuzz/README.md).
set -eu

cd "$(dirname "$0")"
case "${1:-}" in
"") only="--label-exclude slow" ;;
--all) only= ;;
--fuzz)
    scripts/install-deps.sh
    scripts/install-deps.sh --checks
    exec scripts/fuzz.sh "${2:?usage: ./test.sh --fuzz SECONDS}"
    ;;
*)
    echo "usage: ./test.sh [--all | --fuzz SECONDS]" >&2
    exit 2
    ;;
esac

scripts/install-deps.sh
# Tests that need the model are skipped without it, and say so.
scripts/get-model.sh || true
scripts/build.sh build
# shellcheck disable=SC2086
scripts/run-tests.sh build $only
