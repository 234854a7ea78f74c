"""Writes metrics.json: random TREC judgements and runs, and what pytrec_eval (trec_eval 9.0.8) makes of them.

    python tests/goldens/make_metric_goldens.py tests/goldens/metrics.json

Cases hold tied scores, scores that differ as doubles but not as floats, graded, zero and negative grades, documents
without a judgement, judged documents that no run found, queries that the run or the judgements lack, queries without
a relevant document, and a list longer than the deepest cutoff.
"""

import json
import random
import sys

import pytrec_eval

CUTOFFS = [1, 3, 5, 10, 20, 100, 1000]
KINDS = {"ndcg": "ndcg_cut", "map": "map_cut", "recall": "recall", "precision": "P", "hit_rate": "success"}


def expected(qrels, run):
    measures = {f"{name}.{','.join(map(str, CUTOFFS))}" for name in KINDS.values()} | {"recip_rank"}
    found = pytrec_eval.RelevanceEvaluator(qrels, measures).evaluate(run)
    result = {}
    for query, values in sorted(found.items()):
        if max(qrels[query].values()) <= 0:
            continue
        row = {f"{ours}_at_{k}": values[f"{theirs}_{k}"] for ours, theirs in KINDS.items() for k in CUTOFFS}
        rank = round(1 / values["recip_rank"]) if values["recip_rank"] else None
        row |= {f"mrr_at_{k}": 1 / rank if rank and rank <= k else 0.0 for k in CUTOFFS}
        result[query] = {name: value for name, value in row.items() if value}
    return result


def make_case(name, rng, queries, docs, judged, found, grades, scores, judged_only=False, found_only=()):
    ids = [f"d{i}" for i in range(docs)]
    qrels = {f"q{q}": {d: rng.choice(grades) for d in rng.sample(ids, judged)} for q in range(queries)}
    run = {f"q{q}": {d: scores(rng) for d in rng.sample(ids, found)} for q in range(1, queries)}
    run["unjudged"] = {"d0": 1.0}
    for query in found_only:
        qrels[query] = {d: min(g, 0) for d, g in qrels[query].items()}
    seen = run
    if judged_only:
        seen = {q: {d: s for d, s in r.items() if d in qrels.get(q, {})} for q, r in run.items()}
    return {
        "name": name,
        "judged_only": judged_only,
        "qrels": "".join(f"{q} 0 {d} {g}\n" for q, r in qrels.items() for d, g in r.items()),
        "run": "".join(f"{q} Q0 {d} 0 {s!r} x\n" for q, r in run.items() for d, s in r.items()),
        "expected": expected(qrels, seen),
    }


def main(path):
    rng = random.Random(7)
    ties = lambda r: r.choice([0.25, 0.5, 0.75])
    near = lambda r: 0.5 + r.randrange(6) * 1e-9
    plain = lambda r: r.uniform(-1, 1)
    graded = [0, 1, 1, 2, 3]
    cases = [
        make_case("binary", rng, 4, 40, 6, 25, [1], plain),
        make_case("graded", rng, 4, 40, 12, 25, graded, plain),
        make_case("graded with ties", rng, 4, 40, 12, 30, graded, ties),
        make_case("all scores equal", rng, 3, 40, 12, 30, graded, lambda r: 0.0),
        make_case("equal as floats only", rng, 4, 40, 12, 30, graded, near),
        make_case("negative grades", rng, 4, 40, 14, 30, [-2, -1, 0, 1, 4], ties),
        make_case("queries without a relevant document", rng, 4, 30, 8, 20, graded, ties, found_only=["q1", "q2"]),
        make_case("fewer found than the cutoffs", rng, 4, 200, 30, 4, graded, plain),
        make_case("judged only", rng, 4, 40, 14, 30, [-1, 0, 1, 2], ties, judged_only=True),
        make_case("longer than the deepest cutoff", rng, 2, 1300, 60, 1200, graded, ties),
    ]
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"tool": f"pytrec_eval, trec_eval 9.0.8", "cases": cases}, f, indent=0)
        f.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
