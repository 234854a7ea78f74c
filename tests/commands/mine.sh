# tern mine: from a recipe to rows with negatives and an audit, and what is wrong said in one sentence.
cp -r "$SOURCE/tests/goldens/tiny" tiny
cat >faq.jsonl <<'END'
{"anchor": "how do I reset my password?", "positive": "Follow the link on the login page to get a new password."}
{"anchor": "where is my invoice?", "positive": "Invoices lie in the billing section of your account."}
{"anchor": "how do I cancel?", "positive": "Cancel at any time under account settings."}
{"anchor": "change my address", "positive": "You can change your address under account settings."}
{"anchor": "a new address", "positive": "You can change your address under account settings."}
END
cat >faq.yaml <<'END'
model: tiny
data: {train: {file: faq.jsonl}}
loss: multiple_negatives_ranking
output: {dir: run}
mine: {num_negatives: 2, relative_margin: none}
END
expect 0 "$TERN" mine faq.yaml --output rows.jsonl --json --quiet
[ "$(wc -l <out)" -eq 1 ] || fail "more than the audit on stdout: $(cat out)"
grep -q '"queries":5,"positives":5,"documents":4' out || fail "not what the file has: $(cat out)"
grep -q '"negatives":10' out || fail "not two a query: $(cat out)"
[ "$(wc -l <rows.jsonl)" -eq 5 ] || fail "not a line a row: $(cat rows.jsonl)"
# Two questions have one answer: it is no negative of either.
grep -E 'change my address|a new address' rows.jsonl | grep -q 'negative.*You can change' && fail "a positive for a negative: $(cat rows.jsonl)"
# The same again, whatever the number of threads; an existing file stays without --force.
expect 0 "$TERN" mine faq.yaml --output again.jsonl --quiet --threads 1
cmp rows.jsonl again.jsonl || fail "another result with one thread"
expect_sentence 1 "$TERN" mine faq.yaml --output rows.jsonl --quiet
cmp rows.jsonl again.jsonl || fail "the file was changed"
expect 0 "$TERN" mine faq.yaml --output rows.jsonl --quiet --force --set mine.output=triplets
[ "$(wc -l <rows.jsonl)" -eq 10 ] || fail "not a line a negative: $(cat rows.jsonl)"
# Killed at any moment it leaves nothing or all, and the next time writes the same.
for i in $(seq 20); do
    rm -f killed.jsonl
    "$TERN" mine faq.yaml --output killed.jsonl --quiet >out 2>err &
    sleep "0.0$((i * 7 % 40 + 10))"
    kill -9 $! 2>/dev/null || true
    wait $! 2>/dev/null || true
    [ ! -e killed.jsonl ] || cmp -s killed.jsonl again.jsonl || fail "half a file after kill -9"
    expect 0 "$TERN" mine faq.yaml --output killed.jsonl --quiet --force
    cmp killed.jsonl again.jsonl || fail "another file after kill -9"
done
# What was mined trains.
expect 0 "$TERN" train faq.yaml --set data.train.file=again.jsonl --set train.max_steps=1 --set train.batch_size=2 --set train.memory=1GB --quiet --json
# Weights of 8 bits: other scores, and that is said.
expect 0 "$TERN" mine faq.yaml --output int8.jsonl --quiet --json --precision int8 --set mine.output=lists
grep -q '"precision":"int8"' out || fail "the audit doesn't say int8: $(cat out)"
expect 0 "$TERN" mine faq.yaml --output float32.jsonl --quiet --json --precision float32 --set mine.output=lists
! cmp -s int8.jsonl float32.jsonl || fail "int8 has float32's scores"
expect_sentence 2 "$TERN" mine faq.yaml --output int4.jsonl --quiet --precision int4
# For people: counts, scores, samples below their queries, on 80 columns.
COLUMNS=80 expect 0 "$TERN" mine faq.yaml --output more.jsonl --quiet
expect_line out '5 queries with 5 positives, 4 documents'
expect_line out '10 negatives: 10 dense'
expect_line out 'right: Invoices lie in the billing section of your account.'
expect_line out 'more.jsonl: 5 lines (tuples)'
expect 0 "$TERN" mine faq.yaml --explain "where is my invoice?" --quiet
[ "$(grep -cE '^  (positive|picked|left) ' out)" -eq 4 ] || fail "not every candidate: $(cat out)"
expect_sentence 1 "$TERN" mine faq.yaml --explain "where is it?" --quiet

# Other miners, and a corpus with more documents.
cat >corpus.jsonl <<'END'
{"_id": "1", "text": "Invoices are written in March."}
{"_id": "2", "title": "Passwords", "text": "A password has twelve characters."}
{"_id": "3", "text": "invoices lie in the billing section of your account"}
END
expect 0 "$TERN" mine faq.yaml --output corpus-rows.jsonl --quiet --json --set mine.corpus=corpus.jsonl --set mine.miners=random,dense
grep -q '"documents":7' out || fail "not the corpus and the positives: $(cat out)"
grep -q '"equal":[1-9]' out || fail "an equal text is no candidate: $(cat out)"
expect_line err '4 positives are not in'
grep -q '"warnings":\[' out || fail "no warnings in the audit: $(cat out)"
sed 's/^mine:.*/mine: {miners: {"bm25:stemmer=none": 1}, num_negatives: 1, relative_margin: none, corpus: corpus.jsonl}/' faq.yaml >words.yaml
expect 0 "$TERN" mine words.yaml --output words.jsonl --quiet --json
grep 'where is my invoice' words.jsonl | grep -q '"negative":"You can change your address' && fail "no word in common: $(cat words.jsonl)"
expect_line err 'fewer than 1 negative'
grep -q '"queries_without_negatives":[1-9]' out || fail "queries without a negative aren't counted: $(cat out)"

for miners in bm25:stemmer=none bm25:stemmer=none=0.5,dense=0.5; do
    expect 0 "$TERN" mine faq.yaml --output stems.jsonl --force --quiet --json --set "mine.miners=$miners"
    grep -q '"miners":{"bm25":[1-9]' out || fail "not BM25 without stems: $(cat out)"
done

# A BEIR folder, and another system's run.
mkdir -p set/qrels
printf '{"_id": "a", "text": "red fox"}\n{"_id": "b", "title": "blue", "text": "sky"}\n{"_id": "c", "text": "red sky"}\n{"_id": "d", "text": "green"}\n' >set/corpus.jsonl
printf '{"_id": "q1", "text": "blue sky"}\n{"_id": "q2", "text": "fox"}\n' >set/queries.jsonl
printf 'query-id\tcorpus-id\tscore\nq1\tb\t2\nq1\tc\t1\nq2\ta\t2\n' >set/qrels/train.tsv
printf 'q1 Q0 c 1 9 x\nq1 Q0 d 2 8 x\nq1 Q0 a 3 7 x\nq2 Q0 zz 1 9 x\n' >other.run
sed 's/file: faq.jsonl/beir: set, positives: ">=2"/; s/^mine:.*/mine: {miners: run, run: other.run, num_negatives: 1, relative_margin: none}/' faq.yaml >set.yaml
expect 0 "$TERN" mine set.yaml --output set.jsonl --quiet --json
# c is judged relevant, though too little to be trained on.
grep -qx '{"anchor":"blue sky","positive":"blue sky","negative":"green"}' set.jsonl || fail "not the run's first that may be: $(cat set.jsonl)"
expect_line err 'names 1 document that is not in the corpus'
expect 0 "$TERN" mine set.yaml --explain q1 --quiet
expect_line out 'positive '
# Another id of the same query, and of the same document, is understood.
printf '{"_id": "d2", "text": "green"}\n' >>set/corpus.jsonl
printf '{"_id": "q3", "text": "blue sky"}\n' >>set/queries.jsonl
printf 'q3\tb\t2\n' >>set/qrels/train.tsv
printf 'q3 Q0 c 1 9 x\nq3 Q0 d 2 8 x\nq3 Q0 d2 3 7 x\nq3 Q0 a 4 6 x\nq2 Q0 d2 1 9 x\n' >alias.run
expect 0 "$TERN" mine set.yaml --output alias.jsonl --quiet --json --set mine.run=alias.run --set mine.num_negatives=2 --set mine.output=triplets
grep -q '"negatives":3' out || fail "not green and red fox for the one, green for the other: $(cat alias.jsonl)"
grep -q 'lacks\|not in the corpus' err && fail "ids aren't known: $(cat err)"
printf 'x Q0 c 1 9 x\n' >foreign.run
expect_sentence 1 "$TERN" mine set.yaml --output foreign.jsonl --quiet --set mine.run=foreign.run
expect_line err 'has none of the'
[ -e foreign.jsonl ] && fail "a file was begun"

# What is wrong.
printf '{"anchor": "invoice", "positive": "an invoice"}\n{"anchor": "password", "positive": "a password"}\n' >own.jsonl
sed 's/faq.jsonl/own.jsonl/; s/^mine:.*/mine: {miners: {"bm25:stemmer=none": 1}, num_negatives: 1}/' faq.yaml >own.yaml
expect_sentence 1 "$TERN" mine own.yaml --output x.jsonl --quiet
expect_line err 'all that the miners found is right'
expect_sentence 1 "$TERN" mine own.yaml --output x.jsonl --quiet --set mine.miners=bm25:index=x.bm25
expect_line err 'index= is for tern eval and tern search'
expect_sentence 2 "$TERN" mine faq.yaml
expect_sentence 1 "$TERN" mine faq.yaml --output x.jsonl --set mine.range_min=100
expect_line err 'leaves no rank'
expect_sentence 1 "$TERN" mine faq.yaml --output x.jsonl --set mine.range_max=1
expect_line err "2 negatives can't be taken from the 1 rank that"
expect_sentence 1 "$TERN" mine faq.yaml --output x.jsonl --set mine.miners=dens
expect_line err 'did you mean dense?'
expect_sentence 1 "$TERN" mine faq.yaml --output x.jsonl --set mine.miners=run
expect_line err 'add mine: {run: FILE}'
expect_sentence 1 "$TERN" mine set.yaml --output x.jsonl --set mine.corpus=corpus.jsonl
expect_sentence 1 "$TERN" mine faq.yaml --output x.jsonl --set mine.range_min=90 --set mine.max_score=0.1
expect_line err 'were left out as range_min'
expect_sentence 1 "$TERN" mine faq.yaml --output x.jsonl --set mine.short_rows=drop --set mine.num_negatives=9 --quiet
expect_line err 'nothing is written'
expect 0 "$TERN" mine faq.yaml --output pairs.jsonl --quiet --set mine.output=pairs
expect_sentence 1 "$TERN" mine faq.yaml --output x.jsonl --set data.train.file=pairs.jsonl --quiet
expect_line err '10 of 15 rows have a label or score below the greatest, 1,'
expect_sentence 1 "$TERN" mine words.yaml --output x.jsonl --set "mine.miners=bm25,bm25:stemmer" --quiet
expect_sentence 1 "$TERN" mine faq.yaml --output x.jsonl --set mine.second_does=relabel --quiet
expect_line err 'mine.second names none'
expect_sentence 1 "$TERN" mine faq.yaml --output x.jsonl --set mine.min_score=0.5 --set mine.max_score=0.2 --quiet
expect_line err 'leaves no score'
printf '{"anchor": "zebra", "positive": "giraffe"}\n{"anchor": "lion", "positive": "tiger"}\n' >apart.jsonl
expect 1 "$TERN" mine words.yaml --output x.jsonl --set data.train.file=apart.jsonl --quiet
expect_line err "no miner found a candidate"
sed 's/"bm25:stemmer=none": 1/"bm25:stemmer=none": 1, "bm25:stemmer=none,k1=1": 1/' words.yaml >twice.yaml
expect_sentence 1 "$TERN" mine twice.yaml --output x.jsonl --quiet
expect_line err 'the miner bm25 stands there twice'
printf '{"anchor": "a"}\n' >anchors.jsonl
expect_sentence 1 "$TERN" mine faq.yaml --output x.jsonl --set data.train.file=anchors.jsonl
expect_line err 'have no positive'
printf '{"_id": "1", "text": "a"}\n{"_id": "1", "text": "b"}\n' >twice.jsonl
expect_sentence 1 "$TERN" mine faq.yaml --output x.jsonl --set mine.corpus=twice.jsonl
expect_line err 'twice.jsonl:2'
: >empty.jsonl
expect_sentence 1 "$TERN" mine faq.yaml --output x.jsonl --set mine.corpus=empty.jsonl
expect_line err 'holds no documents'
[ -e x.jsonl ] && fail "a file was begun"
exit 0
