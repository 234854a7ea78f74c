# shellcheck shell=bash
# docs/training.md stays true: every recipe, every row of its table and every command, as they stand there, on toy data
# and a toy model under the names that the page uses. What a part leaves out is as in its first recipe; a recipe whose
# first line is "# NAME.yaml" is kept under that name for the commands.
source "$SOURCE/tests/commands/train_toy.bash"
page=$SOURCE/docs/training.md
make_toy
mv train.jsonl triplets.jsonl
cp dev.jsonl more.jsonl

# The data that the page names.
for kind in scored judged classes labels texts taught; do
    toy_columns "$kind" <triplets.jsonl >"made-$kind.jsonl"
done
mv made-texts.jsonl texts.jsonl
mv made-taught.jsonl taught.jsonl
sed -E 's/, "negative": "[^"]*"//' triplets.jsonl >pairs.jsonl
# columns FILE NAMES...: a CSV of a JSONL file's values, in its order; they hold neither commas nor quotes.
columns()
{
    local names=${*:2}
    echo "${names// /,}"
    sed -E 's/^\{//; s/\}$//; s/"[a-z]+": //g; s/", "/,/g; s/", /,/g; s/"//g' "$1"
}
columns pairs.jsonl question answer >faq.csv
columns made-judged.jsonl anchor positive label >judged.csv
columns made-classes.jsonl anchor positive label >kinds.csv
columns made-labels.jsonl anchor label >classes.csv
columns made-scored.jsonl anchor positive score | tr , '\t' | awk -F'\t' 'NR > 1 { $3 *= 5 } 1' OFS='\t' >scored.tsv
cp scored.tsv scored-dev.tsv
printf 'what is q1 q2\nthe d1 d2\n' >texts.txt
mkdir -p faq/qrels
awk -F'"' '{ printf "{\"_id\": \"q%d\", \"text\": \"%s\"}\n", NR, $4 }' pairs.jsonl >faq/queries.jsonl
awk -F'"' '{ printf "{\"_id\": \"d%d\", \"title\": \"\", \"text\": \"%s\"}\n", NR, $8 }' pairs.jsonl >faq/corpus.jsonl
awk 'BEGIN { print "query-id\tcorpus-id\tscore" } { printf "q%d\td%d\t1\n", NR, NR }' pairs.jsonl >faq/qrels/train.tsv
cp -r faq judged
awk '{ for (i = 1; i < 4; i++) printf "q%d\td%d\t0\n", NR, (NR + 7 * i) % 90 + 1 }' pairs.jsonl >>judged/qrels/train.tsv
awk -F'"' '{ before[NR % 3] = $12
    printf "{\"query\": \"%s\", \"pos\": [\"%s\"], \"neg\": [\"%s\"%s]}\n", $4, $8, $12,
        NR % 2 ? "" : ", \"" before[(NR + 2) % 3] "\"" }' triplets.jsonl >lists.jsonl

# As wide and deep as the base model that the page names; the teacher is wider.
common=(--set scratch.layers=6 --set scratch.intermediate=64 --set train.max_steps=1 --set data.train.file=triplets.jsonl
    --set scratch.max_positions=256 --no-eval --quiet)
cache=$WORK/cache/tern/models/sentence-transformers
mkdir -p "$cache" models bin
expect 0 "$TERN" train toy.yaml "${common[@]}" --set scratch.width=384 --set scratch.heads=12 --set output.dir=runs/base
mv runs/base/model "$cache/all-MiniLM-L6-v2"
expect 0 "$TERN" train toy.yaml "${common[@]}" --set scratch.width=480 --set scratch.heads=12 --set output.dir=runs/teacher
mv runs/teacher/model models/teacher
export XDG_CACHE_HOME=$WORK/cache
ln -s "$TERN" bin/tern
PATH=$WORK/bin:$PATH

# complete FILE: adds what a part leaves out.
complete()
{
    grep -qE '^(model|scratch):' "$1" || echo 'model: sentence-transformers/all-MiniLM-L6-v2' >>"$1"
    grep -q '^data:' "$1" || echo 'data: {train: {file: faq.csv, anchor: question, positive: answer}}' >>"$1"
    grep -q '^loss:' "$1" || echo 'loss: multiple_negatives_ranking' >>"$1"
    grep -q '^output:' "$1" || echo "output: {dir: runs/part-$parts}" >>"$1"
}

# try_recipe FILE LINE: a step of it, and its evaluations.
try_recipe()
{
    complete "$1"
    "$TERN" train "$1" --set train.max_steps=1 --set output.dir="runs/try-$parts" --quiet >out 2>err </dev/null ||
        fail "docs/training.md:$2: $(cat err)"
    rm -rf "runs/try-$parts"
}

parts=0
commands=0
try_block()
{
    local kind=$1 line=$2 file=block.$1 name
    if [ "$kind" = json ]; then # each line is a row of a form of its own
        while IFS= read -r row; do
            printf '%s\n' "$row" >row.jsonl
            expect 0 "$TERN" data check row.jsonl
        done <"$file"
        return
    fi
    if [ "$kind" = sh ]; then
        commands=$((commands + 1))
        bash -euo pipefail "$file" >out 2>err </dev/null || fail "docs/training.md:$line: $(cat err)"
        return
    fi
    parts=$((parts + 1))
    name=$(sed -nE '1s/^# ([a-z-]+\.yaml)$/\1/p' "$file")
    cp "$file" "${name:-part.yaml}"
    try_recipe "${name:-part.yaml}" "$line"
}

# try_row DATA LOSS LINE: as a row of the table gives them.
try_row()
{
    parts=$((parts + 1))
    printf 'data:\n  %s\n%s\n' "$1" "$2" >row.yaml
    try_recipe row.yaml "$3"
}

try_table_row()
{
    local fields i
    IFS='`' read -ra fields <<<"$1"
    try_row "${fields[1]}" "${fields[3]}" "$2"
    for ((i = 5; i < ${#fields[@]}; i += 2)); do
        try_row "${fields[1]}" "loss: ${fields[i]}" "$2"
    done
}

number=0
inside=
started=0
while IFS= read -r line; do
    number=$((number + 1))
    if [ -n "$inside" ] && [ "$line" = '```' ]; then
        try_block "$inside" "$started"
        inside=
    elif [ -n "$inside" ]; then
        printf '%s\n' "$line" >>"block.$inside"
    elif [[ $line == '```'* ]]; then
        inside=${line#'```'}
        started=$number
        [[ $inside == yaml || $inside == sh || $inside == json ]] ||
            fail "docs/training.md:$number: a block of neither yaml, sh nor json"
        : >"block.$inside"
    elif [[ $line == '| '*'`train: '* ]]; then
        try_table_row "$line" "$number"
    fi
done <"$page"
if [ "$parts" -lt 35 ] || [ "$commands" -lt 4 ]; then
    fail "only $parts recipes and $commands commands found"
fi
echo "$parts recipes and $commands blocks of commands"
