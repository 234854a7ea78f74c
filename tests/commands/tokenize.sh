# tern tokenize: ids of lines and of JSON rows, in order, and what is refused. A small vocabulary is a whole model here.
mkdir model
printf '%s\n' '[PAD]' '[UNK]' '[CLS]' '[SEP]' hello world '##s' , >model/vocab.txt

printf 'hello worlds\r\n\nHELLO, xyz' >lines.txt
expect 0 "$TERN" tokenize model lines.txt
printf '%s\n' '[2, 4, 5, 6, 3]' '[2, 3]' '[2, 4, 7, 1, 3]' | diff - "$WORK/out"
expect 0 "$TERN" tokenize model lines.txt --max-length 3 --threads 1
printf '%s\n' '[2, 4, 3]' '[2, 3]' '[2, 4, 3]' | diff - "$WORK/out"

printf '%s\n' '{"text": "hello\nworld", "_id": 3}' '' '{"text": "hel\u0000lo [SEP]"}' '{"text": ""}' >rows.jsonl
expect 0 "$TERN" tokenize model rows.jsonl --jsonl
printf '%s\n' '[2, 4, 5, 3]' '[2, 4, 3, 3]' '[2, 3]' | diff - "$WORK/out"

# More lines than are encoded at a time, on one thread and on all: in order, each with its own ids.
awk 'BEGIN { for (i = 0; i < 5000; i++) print i % 3 ? "hello, hello" : i % 7 ? "worlds" : "" }' >many.txt
awk 'BEGIN { for (i = 0; i < 5000; i++) print i % 3 ? "[2, 4, 7, 4, 3]" : i % 7 ? "[2, 5, 6, 3]" : "[2, 3]" }' >wanted
expect 0 "$TERN" tokenize model many.txt --threads 1
diff wanted "$WORK/out"
expect 0 "$TERN" tokenize model many.txt --threads 4
diff wanted "$WORK/out"

: >empty.txt
expect_silence "$TERN" tokenize model empty.txt

# Invalid UTF-8: refused with file and line before anything is printed; or replaced, and U+FFFD is dropped by BERT.
printf 'hello\nhel\377lo\n' >bad.txt
expect_sentence 1 "$TERN" tokenize model bad.txt
expect_line err "bad.txt:2: invalid UTF-8"
expect 0 "$TERN" tokenize model bad.txt --invalid-utf8 replace
printf '%s\n' '[2, 4, 3]' '[2, 4, 3]' | diff - "$WORK/out"
expect_sentence 2 "$TERN" tokenize model bad.txt --invalid-utf8 perhaps

printf '%s\n' '{"text": "hello"}' '{"txt": "hello"}' >field.jsonl
expect_sentence 1 "$TERN" tokenize model field.jsonl --jsonl
expect_line err 'field.jsonl:2: the row has no "text"'
printf '%s\n' '{"text": "hello"' >cut.jsonl
expect_sentence 1 "$TERN" tokenize model cut.jsonl --jsonl
expect_line err "cut.jsonl:1: "

expect_sentence 1 "$TERN" tokenize model nowhere.txt
expect_line err "nowhere.txt"
mkdir bare
expect_sentence 1 "$TERN" tokenize bare lines.txt
expect_line err "neither tokenizer.json nor vocab.txt"
echo '{"model": {"type": "BPE"}}' >bare/tokenizer.json
expect_sentence 1 "$TERN" tokenize bare lines.txt

[ ! -e /dev/full ] || {
    status=0
    "$TERN" tokenize model lines.txt >/dev/full 2>"$WORK/err" || status=$?
    [ "$status" -eq 1 ] || fail "a full disk gave exit status $status"
}
