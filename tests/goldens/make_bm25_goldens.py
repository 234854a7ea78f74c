"""Writes bm25.json: documents and queries of made-up words, and the scores that bm25s gives every document.

    pip install bm25s==0.3.16
    python tests/goldens/make_bm25_goldens.py tests/goldens/bm25.json

method="lucene" is the formula of search/bm25.h with exact lengths. bm25s is given tokens, split at blanks: what is compared is
the scoring, not what a word is. It keeps float32, tern too, summed in another order.
"""
import json
import random
import sys

import bm25s

WORDS = ["w%d" % i for i in range(60)]


def text(rng, least, most):
    return " ".join(WORDS[int(60 * rng.random() ** 3)] for _ in range(rng.randint(least, most)))


def main():
    rng = random.Random(7)
    documents = [text(rng, 1, 40) for _ in range(120)]
    documents[17] = documents[16]
    queries = [text(rng, 1, 8) for _ in range(12)] + ["w1 w1 w59", "w3"]
    cases = []
    for k1, b in ((0.9, 0.4), (1.5, 0.75), (1.2, 0.0), (0.0, 0.4)):
        index = bm25s.BM25(method="lucene", k1=k1, b=b)
        index.index([d.split() for d in documents], show_progress=False)
        scores = [[round(float(s), 9) for s in index.get_scores(q.split())] for q in queries]
        cases.append({"k1": k1, "b": b, "scores": scores})
    with open(sys.argv[1], "w") as f:
        json.dump({"documents": documents, "queries": queries, "cases": cases}, f)
        f.write("\n")


main()
