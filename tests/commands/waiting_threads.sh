# shellcheck shell=bash
# Threads that wait for work sleep, unless the user says otherwise. What gcc's OpenMP library has read, it prints; how
# often a thread looks before it sleeps is all that tells (the policy is printed as passive when none is set, too).
unset OMP_WAIT_POLICY GOMP_SPINCOUNT KMP_BLOCKTIME KMP_LIBRARY

# how_threads_wait [NAME=VALUE]...: that number, under these variables.
how_threads_wait()
{
    env "$@" OMP_DISPLAY_ENV=verbose "$TERN" --version 2>&1 | sed -n "s/.*GOMP_SPINCOUNT = '\\(.*\\)'/\\1/p"
}
waits=$(how_threads_wait)
[ -n "$waits" ] || skip "built with another OpenMP library than gcc's"
[ "$waits" = 0 ] || fail "threads spin: GOMP_SPINCOUNT is $waits"
[ "$(how_threads_wait GOMP_SPINCOUNT=7)" = 7 ] || fail "GOMP_SPINCOUNT is not the user's"
[ "$(how_threads_wait OMP_WAIT_POLICY=active)" -gt 1000000 ] || fail "OMP_WAIT_POLICY is not the user's"

# For that the program starts a second time, in the same process: but not when another file is what was started.
for loader in /lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1; do
    [ -x "$loader" ] || continue
    expect 0 "$loader" "$TERN" --version
    grep -q '^tern ' out || fail "started by $loader, --version says: $(cat out)"
done

{ printf '#!%s info\n' "$TERN" && cat "$SOURCE/recipes/quickstart.yaml"; } >script.yaml
chmod +x script.yaml
expect 0 ./script.yaml
grep -q '^kind  recipe' out || fail "as the interpreter of a recipe, tern info says: $(cat out)"

# Its arguments, its name and what signals do to it stay as they were.
mkfifo texts
(exec -a "another name" "$TERN" tokenize "$SOURCE/tests/goldens/tiny" texts) >out 2>err &
pid=$!
exec 3>texts # waits until the program opens it to read
[ "$(tr '\0' '|' <"/proc/$pid/cmdline" | cut -d '|' -f 1,2,4)" = "another name|tokenize|texts" ] || fail "other arguments"
[ "$(cat "/proc/$pid/comm")" = "$(basename "$TERN" | cut -c -15)" ] || fail "named $(cat "/proc/$pid/comm")"
kill -TERM "$pid"
exec 3>&-
status=0
wait "$pid" || status=$?
[ "$status" -eq 143 ] || fail "exit status $status after SIGTERM"
