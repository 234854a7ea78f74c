# BM25, and its fusion with a model, wherever a model that ranks may be named.
tiny=$SOURCE/tests/goldens/tiny
printf 'How do I return a parcel?\nWhere is my invoice?\nParcels that are late\n' >faq.txt
expect 0 "$TERN" search bm25:stemmer=none faq.txt --query "an invoice" --json --quiet
grep -qE '"rank": ?1.*"id": ?"2"' out || fail "not the row with the word: $(cat out)"
grep -q '"rank": *2' out && fail "a row without a word of the query: $(cat out)"
# A query without hits is told from one that wasn't asked.
printf 'invoice\nzebra\nparcel\n' | expect 0 "$TERN" search bm25:stemmer=none faq.txt --top 1 --quiet
sed -n 2p out | grep -qx 'no row has a word of this query' || fail "nothing is said of zebra: $(cat out)"
expect 0 "$TERN" search "$tiny+bm25:stemmer=none" faq.txt --query "an invoice" --json --quiet
[ "$(grep -o '"rank"' out | wc -l)" -eq 3 ] || fail "the fusion doesn't rank what the model ranks: $(cat out)"

# With stems, where this tern has them.
if "$TERN" search bm25 faq.txt --query "returned parcels" --json --quiet >out 2>err; then
    grep -qE '"rank": ?1.*"id": ?"1"' out || fail "no stems: $(cat out)"
else
    expect_line err 'built without libstemmer; say bm25:stemmer=none'
fi

mkdir -p set/qrels
printf '{"_id": "a", "text": "red fox"}\n{"_id": "b", "title": "blue", "text": "sky"}\n{"_id": "c", "text": "red sky"}\n' >set/corpus.jsonl
printf '{"_id": "q1", "text": "blue sky"}\n{"_id": "q2", "text": "fox"}\n' >set/queries.jsonl
printf 'query-id\tcorpus-id\tscore\nq1\tb\t1\nq1\ta\t0\nq2\tc\t1\n' >set/qrels/test.tsv
expect 0 "$TERN" eval bm25:stemmer=none set --save-run set.run --per-query set.csv --json --quiet --expect recall_at_10=0.5
grep -q similarity out && fail "words have no similarity: $(cat out)"
grep -E '^q1 ' set.run | cut -d ' ' -f 3 | paste -sd ' ' | grep -qx 'b c' || fail "not ranked by words: $(cat set.run)"
# A run is a run, whoever made it.
expect 0 "$TERN" eval --run set.run set --per-query again.csv --quiet
cmp set.csv again.csv || fail "graded otherwise than it was"
# A query for which nothing is found counts as 0, and the run has no line for it.
mkdir -p two/qrels
cp set/corpus.jsonl two/
printf '{"_id": "q1", "text": "blue"}\n{"_id": "q2", "text": "zebra"}\n' >two/queries.jsonl
printf 'query-id\tcorpus-id\tscore\nq1\tb\t1\nq2\tc\t1\n' >two/qrels/test.tsv
expect 0 "$TERN" eval bm25:stemmer=none two --save-run two.run --quiet --expect recall_at_10=0.5
expect_line err 'has no line for 1 of 2 queries'
# What is judged comes into the list even without a word of the query.
expect 0 "$TERN" eval bm25:stemmer=none set --judged-only --save-run judged.run --force --quiet
grep -E '^q1 ' judged.run | cut -d ' ' -f 3 | paste -sd ' ' | grep -qx 'b a' || fail "not the judged ones: $(cat judged.run)"
grep -E '^q2 ' judged.run | cut -d ' ' -f 3 | grep -qx 'c' || fail "not the judged one: $(cat judged.run)"
expect 0 "$TERN" eval "$tiny+bm25:stemmer=none" set --json --quiet --expect recall_at_10=1

printf 'anchor\tpositive\tnegative\na\tb\tc\n' >rows.tsv
expect_sentence 2 "$TERN" eval bm25 rows.tsv
expect_sentence 2 "$TERN" eval bm25:stemmer=none set --dim 4
expect_line err '--dim is for vectors'
expect_sentence 2 "$TERN" eval bm25:k1=many,stemmer=none set
expect_sentence 1 "$TERN" search bm25:k3=1,stemmer=none faq.txt --query x
expect_line err 'there is no option "k3"'

# An index that is kept in a file: the same rows from it, made anew for other texts; what is no index stays.
printf 'red fox\nblue sky\nred sky\n' >kept.txt
expect 0 "$TERN" search bm25:stemmer=none kept.txt --query "red sky" --quiet
mv out plain.out
expect 0 "$TERN" search bm25:stemmer=none,index=kept.bm25 kept.txt --query "red sky" --quiet
cmp -s out plain.out || fail "other rows where the index is kept: $(cat out)"
before=$(stat -c %i kept.bm25)
expect 0 "$TERN" search bm25:stemmer=none,index=kept.bm25 kept.txt --query "red sky" --quiet
cmp -s out plain.out || fail "other rows from the file: $(cat out)"
[ "$(stat -c %i kept.bm25)" = "$before" ] || fail "the index was made twice"
printf 'red red sky\n' >>kept.txt
expect 0 "$TERN" search bm25:stemmer=none,index=kept.bm25 kept.txt --query "red sky" --quiet
grep -q 'red red sky' out || fail "an index of other texts was taken: $(cat out)"
expect_sentence 1 "$TERN" search bm25:stemmer=none,index=kept.txt kept.txt --query "red sky" --quiet
grep -q 'red red sky' kept.txt || fail "a file that is no index was replaced"
