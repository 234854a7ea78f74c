# shellcheck shell=bash
# For tests that run the commands of a page of the documentation as they stand.

# copy_sources FOLDER: the source tree without what was built or trained in it, and tern on the PATH.
copy_sources()
{
    mkdir "$1" bin
    tar -C "$SOURCE" --exclude=./.git --exclude='./build*' --exclude=./runs -cf - . | tar -C "$1" -xf -
    ln -s "$TERN" bin/tern
    PATH=$WORK/bin:$PATH
}

# run_commands PAGE [LIMITS]: runs each line of PAGE's sh blocks, in order, in one shell after the other; `tern train` with
# LIMITS behind it. Sets commands to how many there were; what they print is left in $WORK/out, all of it in $WORK/all.
run_commands()
{
    local line
    commands=0
    : >"$WORK/all"
    while IFS= read -r line; do
        commands=$((commands + 1))
        case $line in
        "tern train "*) line="$line ${2:-}" ;;
        esac
        echo "$line"
        bash -c "$line" </dev/null >"$WORK/out" 2>"$WORK/err" || fail "$1: $line: $(tail -n 3 "$WORK/err")"
        cat "$WORK/out" >>"$WORK/all"
    done < <(awk '/^```sh$/ { inside = 1; next } /^```/ { inside = 0 } inside' "$1")
}
