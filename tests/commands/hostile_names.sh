# shellcheck shell=bash
# Names, ids, prompts and texts that would move a terminal's cursor, turn text around or not be seen: no command hands
# them on to people, on stdout or stderr; what programs read has them as they are.
tiny=$SOURCE/tests/goldens/tiny
esc=$'\033[31m' c1=$'\302\2331m' bidi=$'\342\200\256' zero=$'\342\200\213' line=$'\342\200\250' bad=$'\377'
evil="n${esc}a${c1}m${bidi}e${zero}s"
worst="$evil${line}x${bad}"

# expect_visible STATUS COMMAND...: that exit status, and nothing in stdout and stderr but text and line feeds.
expect_visible()
{
    expect "$@"
    if LC_ALL=C grep -nP '[\x00-\x09\x0B-\x1F\x7F]|\xC2[\x80-\x9F]|\xE2\x80[\x8B\x8E\x8F\xA8-\xAE]|\xE2\x81[\xA0-\xAF]' out err; then
        fail "not only text: ${*:2}"
    fi
    if [ "$1" -ne 0 ]; then
        [ "$(wc -l <err)" -eq 1 ] || fail "not one line: $(cat err)"
    fi
    iconv -f UTF-8 -t UTF-8 out err >/dev/null || fail "not UTF-8: ${*:2}"
}

# Wrong usage and what isn't there.
expect_visible 2 "$TERN" "$worst"
expect_visible 2 "$TERN" help "$worst"
expect_visible 2 "$TERN" data "$worst"
expect_visible 2 "$TERN" info "$tiny" "--$worst"
expect_visible 2 "$TERN" encode "$tiny" x --output "$worst"
expect_visible 2 "$TERN" eval "$tiny" x --expect "$worst"
expect_visible 2 "$TERN" selftest --only "$worst"
for command in info "data check" "eval $tiny" "encode $tiny" "train"; do
    more=()
    [ "$command" = "encode $tiny" ] && more=(--output x.npy)
    # shellcheck disable=SC2086
    expect_visible 1 "$TERN" $command "$worst.csv" "${more[@]}"
done

# Folders and files of such names, a line feed among them.
folder="$worst"$'\n'"second"
mkdir "$folder" "$folder/qrels"
cp -r "$tiny" "$folder/model"
printf '{"_id": "%s", "text": "the dog"}\n{"_id": "b", "text": "zebra"}\n' 'd\u001b[31m\u202e' >"$folder/corpus.jsonl"
printf '{"_id": "q1", "text": "%s"}\n' 'dog \u001b[2J\u0085' >"$folder/queries.jsonl"
printf 'query-id\tcorpus-id\tscore\nq1\tb\t1\n' >"$folder/qrels/test.tsv"
printf 'query-id\tcorpus-id\tscore\nq1\tb\t1\n' >"$folder/qrels/s${esc}.tsv"
expect_visible 0 "$TERN" info "$folder"
expect_visible 0 "$TERN" info "$folder/model"
expect_visible 0 "$TERN" eval "$folder/model" "$folder" --quiet
[ "$(head -1 out | grep -c 1 || true)" -eq 1 ] || fail "the first line of a table is broken: $(cat out)"
expect_visible 0 "$TERN" eval "$folder/model" "$folder" --split "s$esc" --per-query "$folder/a.csv" --quiet
expect_visible 0 "$TERN" eval "$folder/model" "$folder" --compare "$folder/a.csv" --quiet
expect_visible 0 "$TERN" data check "$folder"
expect_visible 0 "$TERN" export "$folder/model" "$folder/out"
[ "$(wc -l <out)" -eq 1 ] || fail "not one line: $(cat out)"

# Ids, texts and queries of a search; a program gets them as they are.
expect_visible 0 "$TERN" search "$tiny" "$folder" --query "$evil" --query dog --quiet
expect 0 "$TERN" search "$tiny" "$folder" --query dog --json --quiet
expect_line out 'd\u001B[31m'$'\342\200\256'

# Columns and their texts.
printf 'anchor,%s,positive\n"a%s\nb",x,c%s\n' "$evil" "$esc" "$bidi" >faq.csv
expect_visible 0 "$TERN" info faq.csv
expect_visible 0 "$TERN" data check faq.csv
expect_visible 1 "$TERN" data check faq.csv --anchor "$evil$zero"

# Prompts of a model, a recipe's keys and values, and a run in such a folder.
printf '{"prompts": {"query": "q%s\\u001b[31m: ", "document": "d: "}}\n' "$bidi" >"$folder/model/config_sentence_transformers.json"
expect_visible 0 "$TERN" info "$folder/model"
expect_line out "query_prompt"
printf '"%s": 1\n' "key$bidi$zero" >bad.yaml
expect_visible 1 "$TERN" train bad.yaml
printf 'model: "%s"\n' '\e[31m\u202e' >bad.yaml
expect_visible 1 "$TERN" train bad.yaml
source "$SOURCE/tests/commands/train_toy.bash"
make_toy
expect_visible 0 "$TERN" train toy.yaml --set "output.dir=$evil"$'\n'x --set train.max_steps=4 --set "data.train.name=$evil"
expect_visible 0 "$TERN" train toy.yaml --set "output.dir=$evil"$'\n'x --set train.max_steps=4 --set "data.train.name=$evil"
expect_visible 1 "$TERN" train toy.yaml --set "output.dir=$evil"$'\n'x --set train.max_steps=5 --set "data.train.name=$evil"
expect_visible 0 "$TERN" train toy.yaml --set "output.dir=$evil"$'\n'y --set train.max_steps=4 --profile --quiet
