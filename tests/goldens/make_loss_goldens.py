#!/usr/bin/env python3
"""Values and gradients of the losses as sentence-transformers 6.2 on PyTorch 2.13 gives them in float64.

    pip install torch==2.13 sentence-transformers==6.2 && python tests/goldens/make_loss_goldens.py

writes tests/goldens/losses.json. The inputs are floats, so that tern starts from the same numbers. A stub in place of
the model hands embeddings through. Masks are not in sentence-transformers: those cases are written out in PyTorch.
"""

import json
import os

import torch
from sentence_transformers.sentence_transformer import losses

N, D, K = 5, 8, 2
SCALES = {"multiple_negatives_ranking": 20.0, "infonce": 12.5}


class Stub(torch.nn.Module):
    def get_embedding_dimension(self):
        return D

    def forward(self, features):
        return {"sentence_embedding": features["embedding"]}


def rows(generator, n):
    return torch.randn(n, D, generator=generator, dtype=torch.float32).double().requires_grad_()


def split(negative, k):
    """Row i's negatives are at i*k; sentence-transformers wants one column for each."""
    return [negative[j::k] for j in range(k)]


def run(case, inputs):
    anchor, positive = inputs["anchor"], inputs["positive"]
    columns = [anchor, positive] + split(inputs["negative"][: N * case["negatives"]], case["negatives"])
    model = Stub()
    if case["name"] == "triplet":
        metric = getattr(losses.TripletDistanceMetric, case["distance"].upper())
        loss = losses.TripletLoss(model, distance_metric=metric, triplet_margin=case["margin"])
    else:
        directions = ("query_to_doc", "doc_to_query") if case["symmetric"] else ("query_to_doc",)
        loss = losses.MultipleNegativesRankingLoss(
            model, scale=case["scale"], directions=directions, partition_mode="per_direction"
        )
    if case["dims"]:
        loss = losses.MatryoshkaLoss(model, loss, case["dims"], case["dim_weights"])
    return loss([{"embedding": c} for c in columns], torch.zeros(N))


def masked(case, inputs, mask):
    """mask [n, n + n k], candidates in tern's order; the target is never masked."""
    normal = torch.nn.functional.normalize
    a, p = normal(inputs["anchor"]), normal(inputs["positive"])
    candidates = torch.cat([p, normal(inputs["negative"][: N * case["negatives"]])])
    mask = mask & ~torch.eye(N, mask.shape[1], dtype=torch.bool)
    target, cross_entropy = torch.arange(N), torch.nn.functional.cross_entropy
    loss = cross_entropy((case["scale"] * a @ candidates.T).masked_fill(mask, -torch.inf), target)
    if case["symmetric"]:
        back = (case["scale"] * p @ a.T).masked_fill(mask[:, :N].T, -torch.inf)
        loss = (loss + cross_entropy(back, target)) / 2
    return loss


def cases():
    base = {"negatives": 0, "scale": 0.0, "symmetric": False, "margin": 0.0, "distance": "cosine", "masked": False}
    base |= {"dims": [], "dim_weights": []}
    for name, scale in SCALES.items():
        in_batch = base | {"name": name, "scale": scale}
        yield in_batch
        yield in_batch | {"negatives": K}
        yield in_batch | {"negatives": K, "symmetric": True}
        yield in_batch | {"negatives": K, "masked": True}
        yield in_batch | {"negatives": 1, "masked": True, "symmetric": True}
    in_batch = base | {"name": "multiple_negatives_ranking", "scale": 20.0}
    yield in_batch | {"negatives": 1, "dims": [8, 5, 2], "dim_weights": [1.0, 0.5, 0.25]}
    triplet = base | {"name": "triplet", "negatives": 1}
    yield triplet | {"distance": "cosine", "margin": 0.3}
    yield triplet | {"distance": "euclidean", "margin": 5.0}
    yield triplet | {"distance": "euclidean", "margin": 0.2}
    yield triplet | {"distance": "manhattan", "margin": 1.0}
    yield triplet | {"distance": "euclidean", "margin": 0.5, "dims": [8, 3], "dim_weights": [1.0, 2.0]}


def numbers(tensor):
    return [float(f"{x:.9g}") for x in tensor.flatten().tolist()]


def main():
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(20240229)
    inputs = {"anchor": rows(generator, N), "positive": rows(generator, N), "negative": rows(generator, N * K)}
    mask = torch.rand(N, N * (1 + K), generator=generator) < 0.3
    out = {"n": N, "dim": D, "inputs": {k: numbers(v.detach()) for k, v in inputs.items()}, "cases": []}
    out["masked"] = mask.int().flatten().tolist()
    out["masked_cols"] = N * (1 + K)
    for case in cases():
        for tensor in inputs.values():
            tensor.grad = None
        part = mask[:, : N * (1 + case["negatives"])]
        value = masked(case, inputs, part) if case["masked"] else run(case, inputs)
        value.backward()
        used = {k: v for k, v in inputs.items() if v.grad is not None}
        grads = {k: numbers(v.grad[: N * case["negatives"]] if k == "negative" else v.grad) for k, v in used.items()}
        out["cases"].append(case | {"value": value.item(), "gradients": grads})
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "losses.json")
    with open(path, "w") as file:
        file.write('{"n": %d, "dim": %d, "masked_cols": %d,\n' % (N, D, out["masked_cols"]))
        file.write(' "masked": %s,\n "inputs": %s,\n' % (json.dumps(out["masked"]), json.dumps(out["inputs"])))
        file.write(' "cases": [\n' + ",\n".join(json.dumps(case) for case in out["cases"]) + "]}\n")


if __name__ == "__main__":
    main()
