#!/bin/sh
# build.sh FOLDER [CMAKE_OPTION...]: configures FOLDER if that hasn't been done, and builds what has changed. Quiet;
# what cmake and the compiler say lies in FOLDER/build.log, and is shown when the build fails.
set -eu

cd "$(dirname "$0")/.."
folder=$1
shift
log=$folder/build.log
mkdir -p "$folder"

build()
{
    # Configured anew after a failure and for other options; CMake itself notices changed files.
    if [ ! -f "$folder/Makefile" ] || [ "$*" != "$(cat "$folder/options" 2>/dev/null)" ]; then
        cmake -S . -B "$folder" "$@" || return
        echo "$*" >"$folder/options"
    fi
    cmake --build "$folder" -j "$(nproc)"
}

if ! build "$@" >"$log" 2>&1; then
    # The first error and what follows it; a parallel build ends in other compilers' lines.
    grep -n -m 1 -A 15 -i -E 'error|failed' "$log" >&2 || tail -n 20 "$log" >&2
    echo "build.sh: the build in $folder failed; $log has all of its output" >&2
    exit 1
fi
