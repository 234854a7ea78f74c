#!/usr/bin/env python3
"""Values and gradients of the in-batch and the triplet losses as sentence-transformers 6.2 on PyTorch 2.13 gives them in
float64.

    pip install torch==2.13 sentence-transformers==6.2 && python tests/goldens/make_in_batch_goldens.py

writes tests/goldens/losses_in_batch.json. The inputs are floats, so that tern starts from the same numbers. Stubs in
place of the model and of the guide hand embeddings through. Masks, a learned scale and candidates of its own for
MegaBatchMargin are not in sentence-transformers: those cases are written out in PyTorch.
"""

import json
import os

import torch
from sentence_transformers.sentence_transformer import losses
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

N, D, K, G = 6, 5, 2, 4
LABELS = {"texts": [0, 1, 0, 2, 1, 0, 3, 1], "grid": [0, 0, 1, 1, 0, 1, 0], "alone": [0, 0, 0, 0, 0, 0, 0, 0]}
DIRECTIONS = ["query_to_doc", "doc_to_query", "query_to_query", "doc_to_doc"]
BATCH = {
    "batch_all_triplet": losses.BatchAllTripletLoss,
    "batch_hard_triplet": losses.BatchHardTripletLoss,
    "batch_semi_hard_triplet": losses.BatchSemiHardTripletLoss,
    "batch_hard_soft_margin_triplet": losses.BatchHardSoftMarginTripletLoss,
}
normal = torch.nn.functional.normalize


class Stub(torch.nn.Module):
    """Gives what the features hold under key."""

    max_seq_length = 8

    def __init__(self, key):
        super().__init__()
        self.key = key
        self.tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel({"a": 0})))

    def get_embedding_dimension(self):
        return D

    def forward(self, features):
        return features | {"sentence_embedding": features[self.key]}

    def __getitem__(self, i):
        return self


def rows(generator, n, dim=D, grad=True):
    return torch.randn(n, dim, generator=generator, dtype=torch.float32).double().requires_grad_(grad)


def features(case, inputs):
    """One for each column; row i's negatives are at i*k, sentence-transformers wants one column for each."""
    k = case["negatives"]
    columns = []
    for name in ("own", "guide"):
        a, p, n = inputs[name]
        columns.append([a, p] + [n[: N * k][j::k] for j in range(k)])
    return [{"own": x, "guide": y} for x, y in zip(*columns)]


def in_batch_loss(case):
    model = Stub("own")
    if case["name"] == "guided":
        return losses.GISTEmbedLoss(
            model,
            Stub("guide"),
            temperature=1 / case["scale"],
            margin_strategy="relative" if case["relative"] else "absolute",
            margin=case["margin"],
            contrast_anchors=not case["without_anchors"],
            contrast_positives=not case["without_positives"],
        )
    if case["name"] == "mega_batch_margin":
        return losses.MegaBatchMarginLoss(
            model, case["margin"], case["negative_margin"], use_mini_batched_version=case["chunked"], mini_batch_size=4
        )
    return losses.MultipleNegativesRankingLoss(
        model,
        scale=case["scale"],
        directions=tuple(d for i, d in enumerate(DIRECTIONS) if case["directions"] >> i & 1),
        partition_mode="joint" if case["joint"] else "per_direction",
        hardness_mode=[None, "in_batch_negatives", "hard_negatives", "all_negatives"][case["hardness"]],
        hardness_strength=case["hardness_strength"],
    )


def run(case, inputs):
    loss = in_batch_loss(case)
    if case["dims"]:
        loss = losses.MatryoshkaLoss(loss.model, loss, case["dims"])
    return loss(features(case, inputs), torch.zeros(N))


def run_batch(case, inputs):
    distance = getattr(losses.BatchHardTripletLossDistanceFunction, case["distance"] + "_distance")
    x, labels = inputs[case["inputs"]], torch.tensor(LABELS[case["inputs"]])
    margin = {} if "soft" in case["name"] else {"margin": case["margin"]}
    loss = BATCH[case["name"]](Stub("own"), distance_metric=distance, **margin)
    if case["dims"]:
        loss = losses.MatryoshkaLoss(loss.sentence_embedder, loss, case["dims"])
    return loss([{"own": x}], labels)


def by_hand(case, inputs, mask):
    """What sentence-transformers lacks. mask [n, n + n k], candidates in tern's order; documents of row i are candidate
    i and its negatives. Anchors i and j are masked for each other where p_j is masked for a_i or p_i for a_j, documents
    p_i and c_j where c_j is masked for a_i, or c_j being p_j, p_i is masked for a_j."""
    k = case["negatives"]
    a, p, n = inputs["own"]
    a, p = normal(a), normal(p)
    c = torch.cat([p, normal(n[: N * k])])
    eye = torch.eye(N, dtype=torch.bool)
    mask = mask[:, : len(c)] if case["masked"] else torch.zeros(N, len(c), dtype=torch.bool)
    square = mask[:, :N]
    if case["name"] == "mega_batch_margin":
        s = a @ c.T
        own = torch.cat([eye, torch.zeros(N, N * k, dtype=torch.bool)], 1)
        hardest = s.masked_fill(mask | own, -torch.inf).max(1).values
        return (torch.relu(case["margin"] - s.diagonal()) + torch.relu(hardest - case["negative_margin"])).mean()
    scale = inputs["log_scale"].exp().clamp(max=100) if case["learned_scale"] else case["scale"]
    own = torch.cat([eye, eye.repeat_interleave(k, dim=1)], 1)
    diagonal = torch.cat([eye, torch.zeros(N, N * k, dtype=torch.bool)], 1)
    both = mask.clone()
    both[:, :N] |= square.T
    out = [mask & ~diagonal, square.T & ~eye, square | square.T | eye, both | own]
    keys = [c, a, a, c]
    if case["name"] == "guided":
        ga, gp, gn = (normal(x) for x in inputs["guide"])
        gc = torch.cat([gp, gn[: N * k]])
        near = (ga * gp).sum(1, keepdim=True)
        near = near - case["margin"] * (near.abs() if case["relative"] else 1)
        out[0] = out[0] | ((ga @ gc.T > near) & ~diagonal)
        out[2] = out[2] | (ga @ ga.T > near)
        out[3], keys[3] = (out[3] | (gp @ gc.T > near))[:, :N], p
    scores = [(scale * q @ x.T).masked_fill(o, -torch.inf) for q, x, o in zip([a, p, a, p], keys, out)]
    scores = [s for i, s in enumerate(scores) if case["directions"] >> i & 1]
    positive = scale * (a * p).sum(1)
    if case["joint"]:
        log_z = torch.cat(scores, 1).logsumexp(1)
    else:
        log_z = sum(s.logsumexp(1) for s in scores) / len(scores)
    return (log_z - positive).mean()


def in_batch_cases():
    base = {"inputs": "own", "negatives": 0, "scale": 20.0, "directions": 1, "joint": False, "hardness": 0}
    base |= {"hardness_strength": 0.0, "masked": False, "learned_scale": False, "dims": []}
    ranking = base | {"name": "multiple_negatives_ranking"}
    yield ranking | {"name": "simcse"}
    for k in (0, 1, K):
        for directions in (5, 9, 15):
            yield ranking | {"negatives": k, "directions": directions, "joint": True, "scale": 7.0}
    yield ranking | {"negatives": K, "directions": 3, "joint": True}
    yield ranking | {"negatives": K, "directions": 3}
    for hardness in (1, 2, 3):
        yield ranking | {"negatives": K, "hardness": hardness, "hardness_strength": 5.0}
        yield ranking | {
            "negatives": 1,
            "hardness": hardness,
            "hardness_strength": 9.0,
            "directions": 15,
            "joint": True,
        }
    yield ranking | {"hardness": 1, "hardness_strength": 9.0, "dims": [5, 3]}
    for directions, joint in ((3, False), (3, True), (15, True)):
        yield ranking | {"negatives": K, "masked": True, "directions": directions, "joint": joint}
        yield ranking | {"masked": True, "directions": directions, "joint": joint, "learned_scale": True}
    guided = base | {"name": "guided", "scale": 100.0, "margin": 0.0, "relative": False, "without_anchors": False}
    guided |= {"without_positives": False}
    yield guided
    yield guided | {"negatives": 1}
    yield guided | {"negatives": 1, "margin": 0.2, "scale": 10.0}
    yield guided | {"negatives": 1, "margin": 0.3, "relative": True, "scale": 10.0}
    yield guided | {"negatives": 1, "margin": 0.1, "scale": 10.0, "without_anchors": True}
    yield guided | {"margin": 0.1, "scale": 10.0, "without_positives": True}
    yield guided | {"negatives": 1, "scale": 10.0, "dims": [5, 2]}
    by_hand = {"masked": True, "directions": 13, "joint": True, "scale": 10.0}
    yield guided | by_hand | {"negatives": K, "margin": 0.1}
    yield guided | by_hand | {"negatives": 1, "margin": 0.1, "relative": True, "learned_scale": True}
    mega = base | {"name": "mega_batch_margin", "margin": 0.8, "negative_margin": 0.3, "chunked": False}
    yield mega
    yield mega | {"chunked": True}
    yield mega | {"margin": 0.2, "negative_margin": 0.0}
    yield mega | {"masked": True, "negatives": K}


def batch_cases():
    base = {"negatives": 0, "margin": 5.0, "distance": "euclidean", "dims": [], "inputs": "texts", "masked": False}
    for name in BATCH:
        case = base | {"name": name}
        yield case
        yield case | {"distance": "cosine", "margin": 0.1}
        yield case | {"inputs": "alone"}
        yield case | {"inputs": "grid", "margin": 0.0 if "soft" not in name else 5.0}
        if "soft" in name:
            continue
        yield case | {"margin": 0.4}
        yield case | {"inputs": "grid", "margin": 1.0}
    yield base | {"name": "batch_hard_triplet", "dims": [5, 2]}


def numbers(tensor):
    return [float(f"{x:.9g}") for x in tensor.flatten().tolist()]


def value_of(case, inputs, mask):
    if case["name"] in BATCH:
        return run_batch(case, inputs)
    plain = not case["masked"] and not case["learned_scale"]
    return run(case, inputs) if plain else by_hand(case, inputs, mask)


def gradients_of(case, inputs):
    if case["name"] in BATCH:
        return {"anchor": numbers(inputs[case["inputs"]].grad)}
    a, p, n = inputs["own"]
    out = {"anchor": numbers(a.grad), "positive": numbers(p.grad)}
    if case["negatives"]:
        out["negative"] = numbers(n.grad[: N * case["negatives"]])
    if case["learned_scale"]:
        out["log_scale"] = numbers(inputs["log_scale"].grad)
    return out


def main():
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(20240301)
    inputs = {"own": [rows(generator, n) for n in (N, N, N * K)]}
    inputs["guide"] = [rows(generator, n, G, False) for n in (N, N, N * K)]
    inputs["texts"], inputs["alone"] = rows(generator, 8), rows(generator, 8)
    # Equal distances and equal rows: the edges of the losses over triplets.
    grid = [[0, 0], [2, 0], [0, 2], [1, 0], [0, 0], [1, 1], [0, 1]]
    inputs["grid"] = torch.tensor([g + [0] * (D - 2) for g in grid]).double().requires_grad_()
    inputs["log_scale"] = torch.tensor([[2.25]], dtype=torch.float64).requires_grad_()
    mask = torch.rand(N, N * (1 + K), generator=generator) < 0.25
    given = {"anchor": inputs["own"][0], "positive": inputs["own"][1], "negative": inputs["own"][2]}
    given |= {f"guide_{role}": x for role, x in zip(("anchor", "positive", "negative"), inputs["guide"])}
    given |= {name: inputs[name] for name in ("texts", "alone", "grid", "log_scale")}
    cases = []
    for case in [*in_batch_cases(), *batch_cases()]:
        for tensor in given.values():
            tensor.grad = None
        value = value_of(case, inputs, mask)
        value.backward()
        cases.append(case | {"value": value.item(), "gradients": gradients_of(case, inputs)})
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "losses_in_batch.json")
    with open(path, "w") as file:
        file.write('{"n": %d, "dim": %d, "guide_dim": %d, "masked_cols": %d,\n' % (N, D, G, N * (1 + K)))
        file.write(' "masked": %s,\n "labels": %s,\n' % (json.dumps(mask.int().flatten().tolist()), json.dumps(LABELS)))
        file.write(' "inputs": %s,\n' % json.dumps({k: numbers(v.detach()) for k, v in given.items()}))
        file.write(' "cases": [\n' + ",\n".join(json.dumps(case) for case in cases) + "]}\n")


if __name__ == "__main__":
    main()
