# shellcheck shell=bash
# The sample FAQ holds what its README says: the answers of faq.csv are those of asked/corpus.jsonl in the same order,
# its questions those of questions.txt, and no question of asked/ stands among them.
faq=$SOURCE/examples/faq
python3 - "$faq" <<'PYTHON'
import csv, json, sys
folder = sys.argv[1]
rows = list(csv.DictReader(open(folder + "/faq.csv", encoding="utf-8")))
corpus = [json.loads(line) for line in open(folder + "/asked/corpus.jsonl", encoding="utf-8")]
queries = {q["_id"]: q["text"] for q in map(json.loads, open(folder + "/asked/queries.jsonl", encoding="utf-8"))}
assert len(rows) == 200 and [r["answer"] for r in rows] == [d["text"] for d in corpus]
assert [r["question"] for r in rows] == open(folder + "/questions.txt", encoding="utf-8").read().splitlines()
assert [d["_id"] for d in corpus] == ["a%03d" % i for i in range(1, 201)]
assert not set(queries.values()) & {r["question"] for r in rows}
judged = {}
for split, n in (("dev", 32), ("test", 95)):
    lines = open(folder + "/asked/qrels/" + split + ".tsv", encoding="utf-8").read().splitlines()[1:]
    judged[split] = {line.split("\t")[0] for line in lines}
    assert len(judged[split]) == len(lines) == n
assert not judged["dev"] & judged["test"] and judged["dev"] | judged["test"] == set(queries)
PYTHON
expect 0 "$TERN" data check "$faq/faq.csv" --anchor question --positive answer
expect_line out "200"
