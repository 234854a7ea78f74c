# tern eval --run: figures of a run made elsewhere, per-query files, comparisons, --expect. No model is needed.
mkdir -p set/qrels
printf 'query-id\tcorpus-id\tscore\nq 1\ta\t1\nq 1\tb\t2\nq2\tc\t1\nq3\td\t1\n' >set/qrels/test.tsv
tag=x+percent-encoded
printf 'q%%201 Q0 a 1 0.9 %s\nq%%201 Q0 z 2 0.8 %s\nq2 Q0 z 1 0.7 x\nq2 Q0 c 2 0.7 x\n' $tag $tag >a.run
printf 'q%%201 Q0 b 1 0.9 %s\nq2 Q0 c 1 0.7 x\nq3 Q0 d 1 0.5 x\n' $tag >b.run

expect 0 "$TERN" eval --run a.run set --json --per-query a.csv
[ "$(wc -l <out)" -eq 1 ] || fail "not one line: $(cat out)"
expect_line out '"queries": 2'
expect_line out '"mrr_at_10": 0.75,'
expect_line out '"recall_at_100": 0.75,'
expect_line out '"queries_missing": 1, "queries_unjudged": 0, "documents_judged": 2'
expect_line out '"warnings": ["a.run lacks 1 of 3 queries'
# A warning is not progress: --quiet keeps it.
expect 0 "$TERN" eval --run a.run set --quiet
expect_line err 'tern: warning: a.run lacks 1 of 3 queries that have relevant documents, such as "q3"; figures are means over the other 2'
[ "$(wc -l <err)" -eq 1 ] || fail "not one line of warning: $(cat err)"
expect 0 "$TERN" eval --run b.run set --compare a.csv --metric mrr_at_10 --expect mrr_at_10=1
expect_line out 'mrr_at_10: 1.00000, from 0.75000 in a.csv: +0.25000, p = 1 over 2 queries'
expect 0 "$TERN" eval --run a.run set/qrels/test.tsv --quiet --judged-only --expect mrr_at_10=1

expect 1 "$TERN" eval --run a.run set --quiet --expect mrr_at_10=0.9 --expect hit_rate_at_1=0.5 --tolerance 0.01
expect_line err 'mrr_at_10 is 0.75000, expected 0.90000 within 0.01'
expect_sentence 1 "$TERN" eval --run a.run set --per-query a.csv
expect_line err 'a.csv: it exists already; --force overwrites it'
expect 0 "$TERN" eval --run a.run set --per-query a.csv --force
expect_sentence 1 "$TERN" eval --run absent.run set
expect_sentence 1 "$TERN" eval --run a.run absent
expect_sentence 1 "$TERN" eval --run a.run set --compare b.run
expect 2 "$TERN" eval --run a.run set --expect ndgc_at_10=1
expect_line err 'did you mean ndcg_at_10?'
expect 2 "$TERN" eval --run a.run set --expect ndcg_at_10=
expect 2 "$TERN" eval set

# Ids of foreign runs are taken as they stand, and a byte order mark belongs to no id.
printf 'q1 Q0 c 1 0.9 x\nq1 Q0 http://x.org/a%%20b 2 0.8 x\n' >pct.run
printf 'q1 0 http://x.org/a%%20b 1\nq1 0 c 0\n' >pct.qrels
expect 0 "$TERN" eval --run pct.run pct.qrels --expect ndcg_at_10=0.63093 --tolerance 0.00001
[ ! -s err ] || fail "a good run is warned of: $(cat err)"
printf '\357\273\277q1 Q0 d1 1 0.9 x\n' >bom.run
printf '\357\273\277q1 0 d1 1\n' >bom.qrels
expect 0 "$TERN" eval --run bom.run bom.qrels --expect ndcg_at_10=1
printf 'wiki:Candy%%20making/Hard%%20candy 0 p1 1\n' >car.qrels
printf 'wiki:Candy%%20making/Hard%%20candy Q0 p1 1 0.9 x\n' >car.run
expect 0 "$TERN" eval --run car.run car.qrels --expect ndcg_at_10=1

# Runs and judgements that have nothing to do with one another.
printf 'q1 Q0 C 1 0.9 x\nq1 Q0 http://x.org/a+b 2 0.8 x\n' >other.run
expect 0 "$TERN" eval --run other.run pct.qrels --json --quiet
expect_line err 'none of the 2 documents that other.run ranks for judged queries is judged: it has "C" where the judgements have "http://x.org/a%20b"'
expect_line out '"documents_judged": 0'
printf 'q7 Q0 d1 1 0.9 x\n' >none.run
expect_sentence 1 "$TERN" eval --run none.run bom.qrels
expect_line err 'none.run: no query of the run has a relevant document in these judgements: it has "q7" where they have "q1"'
printf 'q1 Q0 a 1 0.9 x\n' >one.run
expect_sentence 1 "$TERN" eval --run one.run set
expect_line err 'it has "q1" where they have "q 1"'
printf 'q3 Q0 d 1 0.9 x\n' >third.run
expect_sentence 1 "$TERN" eval --run third.run set
expect_line err 'the run lacks 2 of the 3 queries that have relevant documents in these judgements, such as "q 1"'
printf 'q3 0 d 1\nq9 0 d 0\n' >two.qrels
expect 0 "$TERN" eval --run b.run two.qrels --json
expect_line out '"queries_missing": 0, "queries_unjudged": 2, "documents_judged": 1'

# Ids that aren't UTF-8 meet one another when both are replaced.
printf 'caf\351 0 d\351 1\n' >latin.qrels
printf 'caf\351 Q0 d\351 1 0.9 x\n' >latin.run
expect_sentence 1 "$TERN" eval --run latin.run latin.qrels
expect_line err 'latin.qrels:1: invalid UTF-8'
expect 0 "$TERN" eval --run latin.run latin.qrels --invalid-utf8 replace --expect ndcg_at_10=1
