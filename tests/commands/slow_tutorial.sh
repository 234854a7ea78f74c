# shellcheck shell=bash
# docs/tutorial.md stays true: its commands, as they stand, on the sample FAQ in a copy of the sources; the training gains
# what the page says it does; the program that talks to tern search over pipes gets its answers.
need_model
source "$SOURCE/tests/commands/pages.bash"
copy_sources clone
cd clone
page=docs/tutorial.md

run_commands "$page"
[ "$commands" -ge 4 ] || fail "only $commands commands found in $page"
expect_line all "  1   0."

# figure NAME FILE: a number of the one line of JSON in a result.
figure()
{
    sed -nE "s/.*$1([-+0-9.eE]+).*/\1/p" runs/faq/result.json
}
awk -v base="$(figure '"base":\{[^}]*"ndcg_at_10":')" -v tuned="$(figure '"tuned":\{[^}]*"ndcg_at_10":')" \
    -v p="$(figure '"p_value":')" 'BEGIN {
    printf "base %s, tuned %s, p %s\n", base, tuned, p
    exit !(base > 0.4 && tuned - base >= 0.04 && p < 0.05)
}' || fail "the gain is not what $page says"

awk '/^```python$/ { inside = 1; next } /^```/ { inside = 0 } inside' "$page" >program.py
expect 0 timeout 60 python3 program.py
[ "$(grep -c -- ' -> a[0-9]* 0\.' "$WORK/out")" -eq 2 ] || fail "program.py: $(cat "$WORK/out")"
