# shellcheck shell=bash
# tern info: one page a kind, and --json.
GOLDENS=$SOURCE/tests/goldens
expect 0 "$TERN" info "$GOLDENS/tiny"
expect_line out "mean pooling, Dense 16 -> 6 with tanh, Normalize"
expect 0 "$TERN" info "$GOLDENS/tiny" --json
expect_line out '"dimensions":6'
expect 0 "$TERN" info "$GOLDENS/tiny-bf16.safetensors"
expect_line out "bert.embeddings.LayerNorm.gamma"
printf 'question,answer\na,b\n"c\nd",e\n' >faq.csv
expect 0 "$TERN" info faq.csv --json
expect_line out '{"kind":"csv","rows":2,"columns":["question","answer"]}'
printf '{"text": "a", "id": 1}\n{"text": "b", "id": 2}\n' >rows.jsonl
expect 0 "$TERN" info rows.jsonl
expect_line out "text, id"
mkdir -p set/qrels
printf '{"_id": "d1", "text": "a"}\n' >set/corpus.jsonl
printf '{"_id": "q1", "text": "b"}\n' >set/queries.jsonl
printf 'query-id\tcorpus-id\tscore\nq1\td1\t1\n' >set/qrels/test.tsv
expect 0 "$TERN" info set --json
expect_line out '"documents":1,"queries":1,"splits":[{"split":"test.tsv","queries":1,"judgements":1}]'
expect_sentence 1 "$TERN" info nothing
expect_sentence 1 "$TERN" info "$SOURCE/CMakeLists.txt"
expect_line err "kind is unknown"
head -c 100 "$GOLDENS/tiny-f16.safetensors" >cut.safetensors
expect_sentence 1 "$TERN" info cut.safetensors
expect_line err "truncated"
printf 'no state' >state.h5
expect_sentence 1 "$TERN" info state.h5

# What tern can't read is named for what it is; endings count in any case.
printf 'PAR1\025\004' >table.parquet
expect_sentence 1 "$TERN" info table.parquet
expect_line err "table.parquet: it is a Parquet file, which tern doesn't read; run: python3"
printf 'a,b\n1,2\n' >UP.CSV
expect 0 "$TERN" info UP.CSV
expect_line out "a, b"

# A name that is not UTF-8 is in the object all the same, mended.
cp -r "$GOLDENS/tiny" $'caf\351'
expect 0 "$TERN" info $'caf\351' --json
expect_line out '"folder":"'
expect_line out $'caf\357\277\275'
