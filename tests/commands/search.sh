# tern search over lines, JSONL and a BEIR folder, and its errors.
tiny=$SOURCE/tests/goldens/tiny
printf 'the dog\ncat and dog and text\nzebra\n' >lines.txt
printf '{"_id": "a", "title": "the", "text": "dog"}\n{"_id": "b", "text": "zebra"}\n' >corpus.jsonl

# The tiny model's weights are random: what comes first means nothing, the form does.
expect 0 "$TERN" search "$tiny" lines.txt --query "the dog" --quiet
grep -qE '^ +1 +-?[01]\.[0-9]{4} +[123] +(the dog|cat and dog and text|zebra)$' out || fail "no first rank: $(cat out)"
[ "$(grep -cE '^ +[123] ' out)" -eq 3 ] || fail "not three rows: $(cat out)"
expect 0 "$TERN" search "$tiny" corpus.jsonl --query zebra --query "the dog" --top 1 --json --quiet
[ "$(wc -l <out)" -eq 2 ] || fail "not one line a query: $(cat out)"
grep -qE '"id": ?"[ab]"' out || fail "no id: $(cat out)"
printf 'zebra\nthe dog\n' | expect 0 "$TERN" search "$tiny" lines.txt --top 1 --quiet
[ "$(grep -cE '^ +1 ' out)" -eq 2 ] || fail "not an answer for each line of stdin: $(cat out)"

# Rows below one heading show where they differ.
for word in open ask the first last; do
    echo "The dog and cat text of the dog, a heading that is longer than half a line: $word dog and the rest of the row"
done >heading.txt
COLUMNS=60 expect 0 "$TERN" search "$tiny" heading.txt --query "the dog" --quiet
[ "$(cut -c 18- out | sort -u | wc -l)" -eq 5 ] || fail "rows can't be told apart: $(cat out)"
grep -qE '^ +[1-5] +-?[01]\.[0-9]{4}  [1-5]  The dog and\.\.\. open dog and the rest of \.\.\.$' out || fail "not the words that differ: $(cat out)"

: >empty.txt
expect_sentence 1 "$TERN" search "$tiny" empty.txt --query x --quiet
expect_sentence 1 "$TERN" search "$tiny" missing.txt --query x --quiet
expect_sentence 2 "$TERN" search "$tiny" lines.txt --query x --top 0 --quiet

# The gradients, on the machine that runs the test.
expect 0 "$TERN" selftest --only linear
expect_line out 'ok'
expect 2 "$TERN" selftest --only no_such_operation
