#!/usr/bin/env python3
"""The losses over labelled pairs, of distillation, and the wrappers, as sentence-transformers 6.2 on PyTorch 2.13 gives
them in float64: values, and gradients of the inputs and of what a loss learns.

    pip install torch==2.13 sentence-transformers==6.2 && python tests/goldens/make_pair_goldens.py

writes tests/goldens/losses_pairs.json. The inputs are floats, so that tern starts from the same numbers. A stub in
place of the model hands embeddings through; for the adaptive layer it is a model whose one module gives, for each of
three layers, embeddings that are inputs too.
"""

import json
import os

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer
from sentence_transformers.sentence_transformer import losses
from sentence_transformers.sentence_transformer.losses.contrastive import SiameseDistanceMetric

N, D, K, TEACHER, LABELS = 6, 8, 2, 5, 3
LAYERS = [0, 1]  # the earlier ones
SAMPLES = {"anchor": N, "positive": N, "negative": N * K}
DISTANCES = {
    "cosine": SiameseDistanceMetric.COSINE_DISTANCE,
    "euclidean": SiameseDistanceMetric.EUCLIDEAN,
    "manhattan": SiameseDistanceMetric.MANHATTAN,
}


class Stub(torch.nn.Module):
    device = "cpu"

    def get_embedding_dimension(self):
        return D

    def forward(self, features):
        return {"sentence_embedding": features["embedding"]}


class Layers(Transformer):
    """Stands for a transformer: the embeddings after each layer are in the features."""

    def __init__(self):
        torch.nn.Module.__init__(self)
        self.auto_model = torch.nn.Module()
        self.auto_model.config = type("Config", (), {"output_hidden_states": False})()

    def forward(self, features):
        features["all_layer_embeddings"] = features["layers"]
        features["token_embeddings"] = features["layers"][-1]
        return features


class Pooling(torch.nn.Module):
    def forward(self, features):
        return {**features, "sentence_embedding": features["token_embeddings"]}


class LayeredStub(SentenceTransformer):
    device = "cpu"

    def __init__(self):
        torch.nn.Sequential.__init__(self, Layers(), Pooling())
        self.module_kwargs = None

    def get_embedding_dimension(self):
        return D


def split(negative, k):
    """Row i's negatives are at i*k; sentence-transformers wants one column for each."""
    return [negative[j::k] for j in range(k)]


def columns_of(case, inputs, suffix=""):
    columns = [inputs["anchor" + suffix]]
    if not case["one_text"]:
        columns.append(inputs["positive" + suffix])
    k = case["negatives"]
    return columns + (split(inputs["negative" + suffix][: N * k], k) if k else [])


def features_of(case, inputs):
    last = columns_of(case, inputs)
    if not case["adaptive_layer"]:
        return [{"embedding": column} for column in last]
    earlier = [columns_of(case, inputs, f".{layer}") for layer in LAYERS]
    return [{"layers": list(layers)} for layers in zip(*earlier, last)]


def teacher_scores(case, inputs):
    """[N, 1 + k] dot products of the teacher's vectors."""
    anchor, *others = columns_of(case, inputs, case["teacher"])
    return torch.stack([(anchor * other).sum(1) for other in others], dim=1)


def labels_of(case, inputs, name):
    if name == "softmax":
        return inputs["label"]
    if name.startswith("embedding_"):
        return torch.stack(columns_of(case, inputs, case["teacher"]), dim=1)
    if case["teacher"]:
        return teacher_scores(case, inputs)
    if not case["score"]:
        return torch.zeros(N)
    return inputs[case["score"]][:, 0] if case["n_scores"] == 1 else inputs[case["score"]][:, : case["n_scores"]]


def base_loss(case, model, inputs):
    name, kwargs = case["name"], {"scale": case["scale"]} if case["scale"] else {}
    margin = {} if case["margin"] is None else {"margin": case["margin"]}
    if name in ("contrastive", "online_contrastive"):
        kind = losses.ContrastiveLoss if name == "contrastive" else losses.OnlineContrastiveLoss
        return kind(model, distance_metric=DISTANCES[case["distance"]], **margin)
    if name in ("embedding_mse", "embedding_cosine"):
        metric = "mse" if name == "embedding_mse" else "cosine"
        loss = losses.EmbedDistillLoss(model, metric, projection_dim=TEACHER if case["projection"] else None)
        if case["projection"]:
            set_linear(loss.projection, inputs, "projection")
        return loss
    if name == "softmax":
        loss = losses.SoftmaxLoss(model, D, LABELS)
        set_linear(loss.classifier, inputs, "classifier")
        return loss
    if name == "distill_kl_div":
        return losses.DistillKLDivLoss(
            model, student_temperature=case["temperature"] or 1, teacher_temperature=case["teacher_temperature"] or 1
        )
    if name == "global_orthogonal":
        return losses.GlobalOrthogonalRegularizationLoss(
            model,
            mean_weight=1 if case["mean_weight"] is None else case["mean_weight"],
            second_moment_weight=1 if case["second_moment_weight"] is None else case["second_moment_weight"],
            aggregation="sum" if case["sum_columns"] else "mean",
        )
    kinds = {
        "cosine_similarity": losses.CosineSimilarityLoss,
        "cosent": losses.CoSENTLoss,
        "angle": losses.AnglELoss,
        "margin_mse": losses.MarginMSELoss,
        "multiple_negatives_ranking": losses.MultipleNegativesRankingLoss,
    }
    return kinds[name](model, **kwargs)


def set_linear(linear, inputs, name):
    linear.weight = torch.nn.Parameter(inputs[name + ".weight"].detach())
    linear.bias = torch.nn.Parameter(inputs[name + ".bias"].detach()[0])


def run(case, inputs):
    model = LayeredStub() if case["adaptive_layer"] else Stub()
    loss = inner = base_loss(case, model, inputs)
    if case["adaptive_layer"]:
        options = {"last_layer_weight": case["last_layer_weight"], "prior_layers_weight": case["prior_layers_weight"]}
        options |= {"kl_div_weight": case["kl_weight"], "kl_temperature": case["kl_temperature"]}
        options = {key: value for key, value in options.items() if value is not None}
        if case["dims"]:
            loss = losses.Matryoshka2dLoss(
                model, loss, case["dims"], case["dim_weights"], n_layers_per_step=-1, n_dims_per_step=-1, **options
            )
        else:
            loss = losses.AdaptiveLayerLoss(model, loss, n_layers_per_step=-1, **options)
    elif case["dims"]:
        loss = losses.MatryoshkaLoss(model, loss, case["dims"], case["dim_weights"])
    value = loss(features_of(case, inputs), labels_of(case, inputs, case["name"]))
    if isinstance(value, dict):
        value = sum(value.values())
    value.backward()
    learned = {"projection": getattr(inner, "projection", None), "classifier": getattr(inner, "classifier", None)}
    gradients = {}
    for name, linear in learned.items():
        if linear is not None:
            gradients |= {name + ".weight": linear.weight.grad, name + ".bias": linear.bias.grad}
    return value.item(), gradients


# What a case is unless it says otherwise; tern's test knows the same.
BASE = {"negatives": 0, "one_text": False, "scale": 0.0, "margin": None, "distance": "cosine"}
BASE |= {"score": "", "n_scores": 0, "teacher": "", "projection": False}
BASE |= {"temperature": 0.0, "teacher_temperature": 0.0}
BASE |= {"mean_weight": None, "second_moment_weight": None, "sum_columns": False, "dims": [], "dim_weights": []}
BASE |= {"adaptive_layer": False, "last_layer_weight": None, "prior_layers_weight": None}
BASE |= {"kl_weight": None, "kl_temperature": None}


def cases():
    base = BASE
    matryoshka = {"dims": [8, 5, 2], "dim_weights": [1.0, 0.5, 0.25]}

    binary = base | {"score": "binary", "n_scores": 1}
    for name in ("contrastive", "online_contrastive"):
        yield binary | {"name": name}
        yield binary | {"name": name, "margin": 1.25}
        yield binary | {"name": name, "distance": "euclidean", "margin": 5.0}
        yield binary | {"name": name, "distance": "manhattan", "margin": 10.0}
    yield binary | {"name": "online_contrastive", "score": "ones", "margin": 1.25}
    yield binary | {"name": "online_contrastive", "score": "zeros", "margin": 1.25}
    yield binary | {"name": "contrastive", "margin": 1.0} | matryoshka

    graded = base | {"score": "graded", "n_scores": 1}
    for name in ("cosine_similarity", "cosent", "angle"):
        yield graded | {"name": name}
        yield graded | {"name": name} | matryoshka
    yield graded | {"name": "cosent", "scale": 5.0}
    yield graded | {"name": "angle", "scale": 2.0}
    yield graded | {"name": "angle", "scale": 2.0, "negatives": K}

    yield base | {"name": "softmax"}

    lists = base | {"score": "lists", "negatives": K}
    yield lists | {"name": "margin_mse", "n_scores": 1 + K}
    yield lists | {"name": "margin_mse", "n_scores": K}
    yield lists | {"name": "margin_mse", "n_scores": 1, "negatives": 1}
    yield base | {"name": "margin_mse", "negatives": K, "teacher": ".teacher"}
    yield lists | {"name": "distill_kl_div", "n_scores": 1 + K}
    yield lists | {"name": "distill_kl_div", "n_scores": 2, "negatives": 1, "temperature": 2.0}
    yield lists | {"name": "distill_kl_div", "n_scores": 1 + K, "temperature": 2.0, "teacher_temperature": 0.5}
    yield base | {"name": "distill_kl_div", "negatives": K, "teacher": ".same"}

    for name in ("embedding_mse", "embedding_cosine"):
        yield base | {"name": name, "teacher": ".same", "one_text": True}
        yield base | {"name": name, "teacher": ".same", "negatives": K}
        yield base | {"name": name, "teacher": ".same"} | matryoshka
        yield base | {"name": name, "teacher": ".teacher", "projection": True, "one_text": True}
        yield base | {"name": name, "teacher": ".teacher", "projection": True, "negatives": K}

    orthogonal = base | {"name": "global_orthogonal"}
    yield orthogonal | {"one_text": True}
    yield orthogonal | {"negatives": K, "mean_weight": 0.5, "second_moment_weight": 2.0}
    yield orthogonal | {"negatives": 1, "sum_columns": True, "second_moment_weight": 0.0}
    yield orthogonal | {"mean_weight": 0.0}

    adaptive = {"adaptive_layer": True}
    yield graded | {"name": "cosent"} | adaptive
    yield graded | {"name": "cosine_similarity", "kl_temperature": 0.0} | adaptive
    weights = {"last_layer_weight": 2.0, "prior_layers_weight": 0.5, "kl_weight": 3.0, "kl_temperature": 0.7}
    yield base | {"name": "multiple_negatives_ranking", "negatives": K} | adaptive | weights
    yield base | {"name": "multiple_negatives_ranking", "negatives": 1} | adaptive | weights | matryoshka
    yield graded | {"name": "cosent"} | adaptive | matryoshka
    yield base | {"name": "softmax"} | adaptive


def make_inputs():
    generator = torch.Generator().manual_seed(20240301)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float32).double()

    inputs = {}
    for suffix, width in [("", D), (".0", D), (".1", D), (".same", D), (".teacher", TEACHER)]:
        inputs |= {role + suffix: normal(rows, width) for role, rows in SAMPLES.items()}
    inputs |= {"classifier.weight": 0.3 * normal(LABELS, 3 * D), "classifier.bias": 0.3 * normal(1, LABELS)}
    inputs |= {"projection.weight": 0.3 * normal(TEACHER, D), "projection.bias": 0.3 * normal(1, TEACHER)}
    inputs = {name: tensor.float().double() for name, tensor in inputs.items()}
    inputs["binary"] = torch.tensor([1, 0, 0, 1, 1, 0]).double()[:, None]
    inputs["ones"], inputs["zeros"] = torch.ones(N, 1).double(), torch.zeros(N, 1).double()
    inputs["graded"] = torch.tensor([0.25, 1, 0.5, 0, 0.5, 0.25]).double()[:, None]
    inputs["lists"] = 2 * normal(N, 1 + K)
    inputs["label"] = torch.tensor([2, 0, 1, 1, 2, 0])
    return inputs


def numbers(tensor, digits=8):
    return [float(f"{x:.{digits}g}") for x in tensor.flatten().tolist()]


def main():
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    inputs = make_inputs()
    leaves = [role + suffix for suffix in ("", ".0", ".1") for role in SAMPLES]
    results = []
    for case in cases():
        for name in leaves:
            inputs[name] = inputs[name].detach().requires_grad_()
        value, gradients = run(case, inputs)
        for name in leaves:
            rows = N * case["negatives"] if name.startswith("negative") else N
            if inputs[name].grad is not None:
                gradients[name] = inputs[name].grad[:rows]
        said = {key: v for key, v in case.items() if key not in BASE or BASE[key] != v}
        results.append(said | {"value": value, "gradients": {k: numbers(v) for k, v in gradients.items()}})
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "losses_pairs.json")
    with open(path, "w") as file:
        file.write('{"n": %d, "dim": %d, "teacher_dim": %d, "labels": %d,\n' % (N, D, TEACHER, LABELS))
        file.write(' "inputs": %s,\n' % json.dumps({name: numbers(tensor, 9) for name, tensor in inputs.items()}))
        file.write(' "cases": [\n' + ",\n".join(json.dumps(case) for case in results) + "]}\n")


if __name__ == "__main__":
    main()
