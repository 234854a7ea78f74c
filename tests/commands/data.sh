# tern data: checking rows and folders, and making the reverse dictionary.
expect 0 "$TERN" data
expect_line out "tern data check faq.csv"
expect_sentence 2 "$TERN" data chekc
expect_line err "did you mean check?"

printf '\357\273\277question,answer\r\n"a, ""b""","two\nlines"\r\nc,d\r\n' >faq.csv
expect 0 "$TERN" data check faq.csv --anchor question --positive answer
grep -qE '^rows +2$' out
expect_line out "anchor, positive"
expect_sentence 1 "$TERN" data check faq.csv
expect_line err 'faq.csv:1: there is no column "anchor"; of its columns (question, answer), say which one is the anchor'

printf 'anchor,positive\na,"b\n' >open.csv
expect_sentence 1 "$TERN" data check open.csv
expect_line err "open.csv:2: a quote opens in field 2 and never closes"
printf 'anchor\ncaf\351\n' >latin.csv
expect_sentence 1 "$TERN" data check latin.csv
expect_line err "latin.csv:2: invalid UTF-8 (byte 0xE9)"
expect 0 "$TERN" data check latin.csv --invalid-utf8 replace
: >empty.jsonl
expect_sentence 1 "$TERN" data check empty.jsonl
expect_line err "empty.jsonl: it holds no rows"

mkdir -p beir/qrels
echo '{"_id": "d", "title": "", "text": "x"}' >beir/corpus.jsonl
echo '{"_id": "q", "text": "y"}' >beir/queries.jsonl
printf 'query-id\tcorpus-id\tscore\nq\td\t2\n' >beir/qrels/test.tsv
expect 0 "$TERN" data check beir
expect_line out "1 query, 1 document, 1 judgement (1 above grade 0, greatest 2)"
expect_sentence 1 "$TERN" data check beir --split tset
expect_line err "did you mean test?"

expect_sentence 2 "$TERN" data wordnet
expect_sentence 1 "$TERN" data wordnet --output made --source beir
expect_line err "beir/data.noun"
[ ! -e made ] || fail "a failure left its output behind"
[ -e /usr/share/wordnet/data.noun ] || skip "WordNet isn't installed (Debian's package wordnet-base)"
expect 0 "$TERN" data wordnet --output made
expect_line out "115197 rows in made/train.jsonl"
sha256sum made/train.jsonl made/*/*.jsonl made/*/qrels/* made/LICENSE >sums
expect_sentence 1 "$TERN" data wordnet --output made
expect_line err "made: it exists already; --force replaces it"
expect 0 "$TERN" data wordnet --output made/ --force
sha256sum --quiet -c sums
touch made/notes
expect_sentence 1 "$TERN" data wordnet --output made --force
expect_line err 'it holds "notes"'
