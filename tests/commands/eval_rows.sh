# shellcheck shell=bash
# tern eval of files of rows: pairs with scores, triplets, both, cut vectors, and every mistake as one sentence.
TINY=$SOURCE/tests/goldens/tiny
printf 's1\ts2\tgold\nthe dog\tthe dog\t5.0\na cat\tthe dog\t1.5\nthe cat\ta cat\t4\nthe dog\ta cat\t1.5\n' >sts.tsv
columns=(--anchor s1 --positive s2 --score gold --quiet)

expect 0 "$TERN" eval "$TINY" sts.tsv "${columns[@]}" --json --per-query sts.csv
[ "$(wc -l <out)" -eq 1 ] || fail "not one line: $(cat out)"
expect_line out '"rows": 4'
expect_line out '"cosine_spearman": '
expect_line out '"manhattan_pearson": '
[ "$(head -1 sts.csv)" = query_id,score,cosine_similarity,euclidean_similarity,manhattan_similarity,dot_similarity ] ||
    fail "the header is $(head -1 sts.csv)"
case $(sed -n 2p sts.csv) in
1,5,1,*) ;;
*) fail "equal texts give $(sed -n 2p sts.csv)" ;;
esac
expect 0 "$TERN" eval "$TINY" sts.tsv "${columns[@]}" --threads 1 --per-query one.csv
cmp sts.csv one.csv || fail "one thread gives other bits"
expect_line out 'cosine_spearman '
expect 0 "$TERN" eval "$TINY" sts.tsv "${columns[@]}" --compare sts.csv
expect_line out '+0.00000, p = 1 over 4 rows'
expect 0 "$TERN" eval "$TINY" sts.tsv "${columns[@]}" --dim 2 --json --compare sts.csv --metric cosine_pearson
expect_line out '"dim": 2'
expect_line out '"metric": "cosine_pearson"'
expect 0 "$TERN" eval "$TINY" sts.tsv "${columns[@]}" --role query --per-query query.csv
cmp -s sts.csv query.csv && fail "--role query changes nothing"
expect 1 "$TERN" eval "$TINY" sts.tsv "${columns[@]}" --expect cosine_spearman=-0.9 --expect ndcg_at_10=1
expect_line err 'there is no ndcg_at_10 for this data'

# scores of one file against those of another
sed 's/1\.5/2.5/' sts.tsv >other.tsv
expect_sentence 1 "$TERN" eval "$TINY" other.tsv "${columns[@]}" --compare sts.csv
expect_line err 'row 2 has another score'

# rows that allow for both
printf '{"anchor": "the dog", "positive": "a dog", "negative": "a cat", "score": 1}\n' >both.jsonl
printf '{"anchor": "the cat", "positive": "a dog", "negative": "a cat", "score": 0}\n' >>both.jsonl
expect 0 "$TERN" eval "$TINY" both.jsonl --json --quiet --dim 3 --per-query both.csv
expect_line out '"triplet_accuracy": '
expect_line out '"cosine_spearman": '
expect 0 "$TERN" eval "$TINY" both.jsonl --quiet --dim 3 --compare both.csv --metric triplet_accuracy
sed 's/"score": [01]/"score": 1/' both.jsonl >flat.jsonl
expect 0 "$TERN" eval "$TINY" flat.jsonl --json --quiet
grep -qE 'cosine_(spearman|pearson)' out && fail "a correlation with scores that are all equal"
expect_sentence 1 "$TERN" eval "$TINY" flat.jsonl --quiet --score score
expect_line err 'every row has the score 1'

printf '{"anchor": "the dog", "positive": "a dog"}\n' >pairs.jsonl
expect_sentence 1 "$TERN" eval "$TINY" pairs.jsonl --quiet
expect_line err 'neither negatives nor scores'
expect_sentence 1 "$TERN" eval "$TINY" sts.tsv --anchor s1 --positive s2 --score golf --quiet
expect_line err 'did you mean "gold"?'
expect_sentence 1 "$TERN" eval "$TINY" sts.tsv "${columns[@]}" --dim 7
expect_line err 'have 6 dimensions'
expect 2 "$TERN" eval "$TINY" sts.tsv "${columns[@]}" --dim 0
expect 2 "$TERN" eval "$TINY" sts.tsv "${columns[@]}" --role other
expect 2 "$TERN" eval "$TINY" sts.tsv "${columns[@]}" --judged-only
expect 2 "$TERN" eval "$TINY" sts.tsv "${columns[@]}" --expect cosine_sperman=1
expect_line err 'did you mean cosine_spearman?'
mkdir -p set
expect 2 "$TERN" eval "$TINY" set --score gold
expect 2 "$TERN" eval --run a.run set --dim 2

# What rows hold and isn't scored is said where it looks like a role; other columns are no matter.
printf 'anchor,positive,score,neg,genre\nthe dog,dog,1,cat,x\nzebra,the,0.5,dog,y\ncat,text,0,the,z\n' >unused.csv
expect 0 "$TERN" eval "$SOURCE/tests/goldens/tiny" unused.csv --json --quiet
expect_line err "warning: unused.csv: 2 columns are not used: neg, genre; neg looks like a negative: name it with --negative neg"
expect_line out '"warnings"'
expect 0 "$TERN" eval "$SOURCE/tests/goldens/tiny" unused.csv --negative neg --quiet
[ ! -s err ] || fail "a warning of a genre: $(cat err)"
