#!/usr/bin/env bash
# From a fresh Debian 12 to a better model: installs what is missing, builds tern, fetches the base model, makes a
# reverse dictionary's training data out of WordNet, trains, and shows that the model got better. Run again, it does
# nothing twice. Takes minutes on 2 cores; asks nothing.
set -euo pipefail

cd "$(dirname "$0")"
data=runs/quickstart-data
run=runs/quickstart
tern=build/tern
stages=5
stage=0

# begin TITLE, finished: a numbered line for each stage, with its seconds.
begin()
{
    stage=$((stage + 1))
    started=$(date +%s)
    printf '[%d/%d] %-44s' "$stage" "$stages" "$1"
}

finished()
{
    printf ' %4d s\n' $(($(date +%s) - started))
}

# quietly COMMAND...: its output only when it fails.
quietly()
{
    mkdir -p build
    if ! "$@" >build/quickstart.log 2>&1; then
        echo
        tail -n 30 build/quickstart.log >&2
        exit 1
    fi
}

make_data()
{
    [ -d "$data" ] && return
    # Made under another name, so that an interrupted run leaves no half of it.
    rm -rf "$data.part"
    "$tern" data wordnet --output "$data.part" && mv "$data.part" "$data"
}

# The searches of a finished run are kept: encoding 15,000 words takes a few seconds.
search()
{
    if [ ! "$run/searches.txt" -nt "$run/model/model.safetensors" ]; then
        "$tern" search "$run/model" "$data/test" --top 3 --quiet \
            --query "an act that has disastrous consequences" \
            --query "someone who studies the stars and planets" \
            --query "the second largest of the Great Lakes" >"$run/searches.part"
        mv "$run/searches.part" "$run/searches.txt"
    fi
    cat "$run/searches.txt"
}

begin "packages"
quietly scripts/install-deps.sh
finished
begin "build"
quietly scripts/build.sh build
finished
begin "base model all-MiniLM-L6-v2"
quietly scripts/get-model.sh
finished
begin "data: WordNet's definitions and words"
quietly make_data
finished
begin "training: $tern train recipes/quickstart.yaml"
echo
"$tern" train recipes/quickstart.yaml
printf '[%d/%d] %-44s' "$stage" "$stages" "trained"
finished

echo
echo "Words for a definition, found by the tuned model in $run/model:"
search
cat <<EOF2

Next, your own data: a CSV, TSV or JSONL file with a column of queries and a column of the texts they should find,
here faq.csv with columns question and answer. Write mine.yaml

    model: sentence-transformers/all-MiniLM-L6-v2
    data:
      train: {file: faq.csv, anchor: question, positive: answer}
    loss: {name: multiple_negatives_ranking}
    output: {dir: runs/mine}

and run: $tern train mine.yaml      (docs/recipes.md has every key, $tern --help every command)
EOF2
