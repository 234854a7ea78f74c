# shellcheck shell=bash
# docs/mining.md stays true: its commands, as they stand, on the sample FAQ in a copy of the sources, and the counts that it
# shows of the first.
need_model
source "$SOURCE/tests/commands/pages.bash"
copy_sources clone
cd clone
page=docs/mining.md
run_commands "$page" "--set train.max_steps=1 --no-eval --quiet"
[ "$commands" -eq 3 ] || fail "$commands commands found in $page"
[ "$(wc -l <negatives.jsonl)" -eq 200 ] || fail "not a line a question"
shown=$(awk '/^\$ tern mine/ { inside = 1; next } /^```/ { inside = 0 } inside && !/^(tern: warning|scores|positive|negative|difference)/' "$page")
[ "$(wc -l <<<"$shown")" -eq 3 ] || fail "the page shows: $shown"
while IFS= read -r line; do
    expect_line all "$line"
done <<<"$shown"
# Every miner, filter key and form of file is told.
for word in dense bm25 fusion random run range_min range_max absolute_margin relative_margin max_score min_score near_duplicates second \
    max_share tuples triplets lists pairs flag; do
    grep -qE "^\| .*\b$word\b" "$page" || fail "$page doesn't tell of $word"
done
