# tern search: queries that come together are answered as each alone, and one that waits for its answer gets it.
tiny=$SOURCE/tests/goldens/tiny
for i in $(seq 300); do echo "the dog $i and cat $((i * 7 % 90)) text"; done >rows.txt
for i in $(seq 90); do echo "cat $i and the dog $((i * 11 % 50))"; done >queries.txt

# One program writes a line and reads its answer before the next: nothing waits for a block to fill.
coproc alone { "$TERN" search "$tiny" rows.txt --json --quiet; }
pid=$!
while read -r query; do
    echo "$query" >&"${alone[1]}"
    read -r -t 60 answer <&"${alone[0]}" || fail "no answer to: $query"
    echo "$answer"
done <queries.txt >alone.json
eval "exec ${alone[1]}>&-"
wait "$pid"
[ "$(wc -l <alone.json)" -eq 90 ] || fail "not an answer for each query"

expect 0 "$TERN" search "$tiny" rows.txt --json --quiet <queries.txt
cmp out alone.json || fail "queries of a file are answered otherwise than one by one"
{
    head -40 queries.txt
    sleep 0.3
    printf '\n\r\n'
    tail -n +41 queries.txt | head -c -1
} | expect 0 "$TERN" search "$tiny" rows.txt --json --quiet
cmp out alone.json || fail "queries of a pipe are answered otherwise than one by one"
mapfile -t given < <(sed 's/^/--query=/' queries.txt)
expect 0 "$TERN" search "$tiny" rows.txt --json --quiet "${given[@]}"
cmp out alone.json || fail "queries of flags are answered otherwise than one by one"

# What comes before a query that is refused is answered.
printf 'the dog\ncat\ncaf\351\nthe\n' >latin.txt
expect 1 "$TERN" search "$tiny" rows.txt --json --quiet <latin.txt
[ "$(wc -l <out)" -eq 2 ] || fail "not two answers before the bad query: $(cat out)"
expect_line err 'the query is not UTF-8 at byte 4'
expect 0 "$TERN" search "$tiny" rows.txt --json --quiet --invalid-utf8 replace <latin.txt
[ "$(wc -l <out)" -eq 4 ] || fail "not four answers: $(cat out)"
printf 'the dog\nc\0t\nthe\n' >nul.txt
expect 1 "$TERN" search "$tiny" rows.txt --json --quiet <nul.txt
[ "$(wc -l <out)" -eq 1 ] || fail "not one answer before the bad query: $(cat out)"
expect_line err 'a query holds a NUL byte'
expect_silence "$TERN" search "$tiny" rows.txt --json --quiet </dev/null
expect_sentence 1 "$TERN" search "$tiny" rows.txt --json --quiet <"$WORK"
