# tern mine's estimates of false negatives on NFCorpus, beside what the judgements say once they are withheld: rows with one of each
# query's right articles, and all others opened afterwards. Texts are cut short, since only the share counts.
need_model
need_data nfcorpus
corpus=$TERN_DATA/nfcorpus
model=${XDG_CACHE_HOME:-$HOME/.cache}/tern/models/sentence-transformers/all-MiniLM-L6-v2
# The same texts four times: they are encoded once.
export XDG_CACHE_HOME=$WORK/cache TERN_STORE=64MB
cat >withhold.py <<'END'
"""withhold.py CORPUS: one right document of each training query, drawn by lot, as rows.jsonl.
withhold.py CORPUS MINED.jsonl: prints how many of its negatives are right in truth, and how many there are."""
import json
import random
import sys

def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]

corpus = sys.argv[1]
documents = {line["_id"]: f'{line["title"]} {line["text"]}'.strip() for line in lines(f"{corpus}/corpus.jsonl")}
queries = {line["_id"]: line["text"] for line in lines(f"{corpus}/queries.jsonl")}
right = {}
with open(f"{corpus}/qrels/train.tsv", encoding="utf-8") as file:
    for line in list(file)[1:]:
        query, document, _ = line.split()
        right.setdefault(queries[query], set()).add(documents[document])
if len(sys.argv) == 2:
    random.seed(3)
    with open("rows.jsonl", "w", encoding="utf-8") as file:
        for query, texts in right.items():
            file.write(json.dumps({"anchor": query, "positive": random.choice(sorted(texts))}) + "\n")
else:
    negatives = [(line["query"], text) for line in lines(sys.argv[2]) for text in line["neg"]]
    print(sum(text in right[query] for query, text in negatives), len(negatives))
END
cat >open.yaml <<END
model: $model
data: {train: {beir: "$corpus", split: train}}
loss: multiple_negatives_ranking
train: {max_seq_length: 24}
output: {dir: run, max_seq_length: 24}
mine: {num_negatives: 4, output: flag}
END
sed "s|beir:.*split: train|file: rows.jsonl|; s|mine: {|&corpus: \"$corpus/corpus.jsonl\", |" open.yaml >withheld.yaml
python3 withhold.py "$corpus"
# With the margin that is the default, and without any: few false negatives and many.
for margin in 0.05 none; do
    expect 0 "$TERN" mine open.yaml --output known.jsonl --force --json --quiet --set "mine.relative_margin=$margin"
    python3 - "$WORK/out" >estimate <<'END'
import json, sys
with open(sys.argv[1], encoding="utf-8") as file:
    estimate = json.loads(file.readlines()[-1])["false_negatives"]
assert estimate["by"] == "judgements" and estimate["low"] <= estimate["rate"] <= estimate["high"], estimate
print(estimate["rate"])
END
    expect 0 "$TERN" mine withheld.yaml --output mined.jsonl --force --json --quiet --set "mine.relative_margin=$margin"
    read -r wrong all < <(python3 withhold.py "$corpus" mined.jsonl)
    echo "margin $margin: estimated $(cat estimate), in truth $wrong of $all"
    awk -v wrong="$wrong" -v all="$all" '{ d = $1 - wrong / all; exit !(d < 0.05 && d > -0.05) }' estimate ||
        fail "with a margin of $margin the estimate is $(cat estimate) and in truth $wrong of $all are right"
done
