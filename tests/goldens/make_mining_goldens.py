"""Writes mining.json: what sentence-transformers' mine_hard_negatives takes for negatives, given every score.

    pip install sentence-transformers==6.2.0 datasets
    python tests/goldens/make_mining_goldens.py tests/goldens/mining.json

Vectors are small and drawn at random, so that many scores are negative. range_min and range_max go without other filters: the peer
counts range_min among what the others have left, where its documentation says the closest matches, and has room for as many more
candidates than range_max as a query has positives, wherever these are.
"""
import itertools
import json
import sys

import numpy as np
import torch
from datasets import Dataset
from sentence_transformers.util import mine_hard_negatives

QUERIES, DOCUMENTS, DIM = 14, 40, 6


class Given:
    """A model whose vectors are at hand: a text is the number of its vector."""

    device = torch.device("cpu")
    model_card_data = type("Card", (), {"base_model": "given"})()

    def __init__(self, queries, documents):
        self.queries, self.documents = queries, documents

    def encode_query(self, texts, **_):
        return np.stack([self.queries[int(t)] for t in texts])

    def encode_document(self, texts, **_):
        return np.stack([self.documents[int(t)] for t in texts])

    def similarity(self, a, b):
        return torch.as_tensor(a) @ torch.as_tensor(b).T

    def similarity_pairwise(self, a, b):
        return (torch.as_tensor(a) * torch.as_tensor(b)).sum(-1)


def unit(x):
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def settings():
    """Values beside the default, one or two at a time."""
    values = {"range_max": [5, 12, 38], "max_score": [0.5, -0.2], "min_score": [-0.4, 0.1],
              "absolute_margin": [0.0, 0.1, -0.3], "relative_margin": [0.0, 0.05, 0.5]}
    yield {"range_max": 38}
    yield {"range_max": 38, "range_min": 3}
    yield {"range_max": 10, "range_min": 4}
    for key, some in values.items():
        for value in some:
            yield {"range_max": 38} | {key: value}
    del values["range_max"]
    for a, b in itertools.combinations(values, 2):
        for x, y in itertools.product(values[a], values[b]):
            yield {"range_max": 38} | {a: x, b: y}


def main():
    rng = np.random.default_rng(11)
    documents = unit(rng.standard_normal((DOCUMENTS, DIM)))
    queries = unit(rng.standard_normal((QUERIES, DIM)))
    scores = queries @ documents.T
    # The third and the twentieth best, so that positives with negative scores are among them.
    positives = [sorted(int(d) for d in np.argsort(-row)[[2 + q % 5, 19 + q % 7]]) for q, row in enumerate(scores)]
    rows = {"anchor": [str(q) for q in range(QUERIES) for _ in range(2)],
            "positive": [str(d) for p in positives for d in p]}
    model, cases = Given(queries, documents), []
    for options in settings():
        mined = mine_hard_negatives(Dataset.from_dict(rows), model, corpus=[str(d) for d in range(DOCUMENTS)],
                                    num_negatives=4, output_format="triplet", verbose=False, **options)
        taken = [[] for _ in range(QUERIES)]
        for anchor, positive, negative in zip(mined["anchor"], mined["positive"], mined["negative"]):
            if int(positive) == positives[int(anchor)][0]:
                taken[int(anchor)].append(int(negative))
        cases.append({"options": options, "negatives": taken})
    with open(sys.argv[1], "w") as f:
        json.dump({"scores": [[float(s) for s in row] for row in scores], "positives": positives, "num_negatives": 4,
                   "cases": cases}, f)
        f.write("\n")


main()
