# tern eval --run: figures of a run made elsewhere, per-query files, comparisons, --expect. No model is needed.
mkdir -p set/qrels
printf 'query-id\tcorpus-id\tscore\nq 1\ta\t1\nq 1\tb\t2\nq2\tc\t1\nq3\td\t1\n' >set/qrels/test.tsv
printf 'q%%201 Q0 a 1 0.9 x\nq%%201 Q0 z 2 0.8 x\nq2 Q0 z 1 0.7 x\nq2 Q0 c 2 0.7 x\n' >a.run
printf 'q%%201 Q0 b 1 0.9 x\nq2 Q0 c 1 0.7 x\nq3 Q0 d 1 0.5 x\n' >b.run

expect 0 "$TERN" eval --run a.run set --json --per-query a.csv
[ "$(wc -l <out)" -eq 1 ] || fail "not one line: $(cat out)"
expect_line out '"queries": 2'
expect_line out '"mrr_at_10": 0.75,'
expect_line out '"recall_at_100": 0.75,'
expect_line err 'lacks 1 queries'
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
