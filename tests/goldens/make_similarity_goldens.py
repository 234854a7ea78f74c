"""Writes similarity.json: correlations of similarities with scores, and p-values of exchanging two models' values.

    python tests/goldens/make_similarity_goldens.py tests/goldens/similarity.json [MODEL_FOLDER STSB_TEST_TSV]

The correlations are those of sentence-transformers 6.2's EmbeddingSimilarityEvaluator (scipy's spearmanr and pearsonr)
given the vectors, in double; ranks are scipy.stats.rankdata's; p-values are exact, by scipy.stats.permutation_test over
all exchanges within pairs. With a model and STS-B's test split it also prints the model's figures by dimension, which
tests/commands/slow_leaderboard.sh holds.
"""

import csv
import json
import logging
import sys

import numpy as np
import scipy.stats
import torch
from sentence_transformers.sentence_transformer.evaluation import EmbeddingSimilarityEvaluator

SIMILARITIES = ["cosine", "euclidean", "manhattan", "dot"]


class Given:
    """A model whose vectors are at hand: a text is the number of its vector."""

    def __init__(self, vectors):
        self.vectors = vectors
        self.model_card_data = type("Card", (), {"set_evaluation_metrics": lambda *_: None})()

    def encode(self, texts, **_):
        return self.vectors[[int(text) for text in texts]]


def correlations(model, first, second, scores, dim=None):
    evaluator = EmbeddingSimilarityEvaluator(
        first, second, scores, similarity_fn_names=SIMILARITIES, write_csv=False, truncate_dim=dim
    )
    found = evaluator(model)
    return {f"{s}_{r}": float(found[f"{r}_{s}"]) for s in SIMILARITIES for r in ("spearman", "pearson")}


def make_case(name, rng, n, dim, scores, repeated=0, scale=1.0):
    a = (rng.standard_normal((n, dim)) * scale).astype(np.float32)
    b = (a + rng.uniform(0.2, 3, (n, 1)) * rng.standard_normal((n, dim)) * scale).astype(np.float32)
    if repeated:
        a[-repeated:], b[-repeated:] = a[:repeated], b[:repeated]
    vectors = np.concatenate([a, b]).astype(np.float64)
    numbers = [str(i) for i in range(2 * n)]
    return {
        "name": name,
        "first": a.tolist(),
        "second": b.tolist(),
        "scores": scores,
        "score_ranks": scipy.stats.rankdata(scores).tolist(),
        "expected": correlations(Given(vectors), numbers[:n], numbers[n:], scores),
    }


def correlation(x, y):
    return 0.0 if np.ptp(x) == 0 else float(np.corrcoef(x, y)[0, 1])


def make_exchange(name, rng, n, levels, noise):
    draw = lambda: rng.integers(0, levels, n).astype(float) if levels else rng.standard_normal(n)
    scores = draw()
    a, b = (scores + part * draw() for part in noise)
    ranks = [scipy.stats.rankdata(x) for x in (a, b, scores)]
    result = scipy.stats.permutation_test(
        ranks[:2],
        lambda x, y: correlation(y, ranks[2]) - correlation(x, ranks[2]),
        permutation_type="samples",
        vectorized=False,
        n_resamples=np.inf,
    )
    return {
        "name": name,
        "a": a.tolist(),
        "b": b.tolist(),
        "scores": scores.tolist(),
        "spearman_a": float(scipy.stats.spearmanr(a, scores)[0]),
        "spearman_b": float(scipy.stats.spearmanr(b, scores)[0]),
        "p_value": float(result.pvalue),
    }


def print_stsb(folder, path):
    from sentence_transformers import SentenceTransformer

    with open(path, encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))
    model = SentenceTransformer(folder, device="cpu")
    columns = [[row[c] for row in rows] for c in ("sentence1", "sentence2")]
    for dim in (384, 128, 32):
        found = correlations(model, *columns, [float(row["score"]) for row in rows], dim)
        print(dim, {name: round(value, 5) for name, value in found.items() if dim == 384 or name.startswith("cos")})


def main(path, *stsb):
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    rng = np.random.default_rng(11)
    halves = lambda n: (rng.integers(0, 11, n) / 2).tolist()
    golden = {
        "cases": [
            make_case("two rows", rng, 2, 3, [1.0, 2.0]),
            make_case("tied scores", rng, 12, 5, rng.integers(0, 3, 12).astype(float).tolist()),
            make_case("tied similarities", rng, 20, 4, halves(20), repeated=6),
            make_case("long vectors", rng, 60, 16, rng.standard_normal(60).tolist(), scale=100.0),
        ],
        "exchanges": [
            make_exchange("without ties", rng, 10, 0, (1, 0.5)),
            make_exchange("far apart", rng, 12, 0, (5, 0.1)),
            make_exchange("three levels", rng, 11, 3, (2, 1)),
            make_exchange("two levels", rng, 9, 2, (1, 2)),
        ],
    }
    with open(path, "w", encoding="utf-8") as f:
        json.dump(golden, f)
        f.write("\n")
    if stsb:
        print_stsb(*stsb)


if __name__ == "__main__":
    main(*sys.argv[1:])
