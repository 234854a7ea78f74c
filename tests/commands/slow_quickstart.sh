# The quickstart from a fresh copy of the sources: it gains what it promises, and run again it does nothing twice.
need_model
mkdir clone
tar -C "$SOURCE" --exclude=./.git --exclude='./build*' --exclude=./runs -cf - . | tar -C clone -xf -
cd clone

SECONDS=0
expect 0 ./quickstart.sh
first=$SECONDS
expect_line out 'runs/quickstart/model'
expect_line out 'disaster'
expect_line out 'tern train mine.yaml'
[ "$first" -le 480 ] || fail "the quickstart took $first s, more than eight minutes"

# Values of the one line of JSON: no other program is needed for four numbers.
field()
{
    sed -nE "s/.*$1([-+0-9.eE]+).*/\1/p" runs/quickstart/result.json
}
awk -v base="$(field '"base":\{[^}]*"ndcg_at_10":')" -v tuned="$(field '"tuned":\{[^}]*"ndcg_at_10":')" \
    -v p="$(field '"p_value":')" -v steps="$(field '"steps":')" 'BEGIN {
    printf "base %s, tuned %s, p %s, %s steps\n", base, tuned, p, steps
    exit !(base > 0.3 && tuned - base >= 0.05 && p < 0.001 && steps <= 250)
}' || fail "the gain is not what it should be"

touch "$WORK/finished"
SECONDS=0
expect 0 ./quickstart.sh
echo "$first s, run again $SECONDS s"
[ "$SECONDS" -le 10 ] || fail "run again it took $SECONDS s"
expect_line out 'disaster'
changed=$(find runs build/tern -type f -newer "$WORK/finished")
[ -z "$changed" ] || fail "run again it made once more: $changed"
