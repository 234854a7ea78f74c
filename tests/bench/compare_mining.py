#!/usr/bin/env python3
"""Negatives of tern mine beside those of sentence-transformers' mine_hard_negatives on tern's own vectors.

    compare_mining.py TERN MODEL ROWS.jsonl        # rows with anchor and positive, each anchor once

Every combination of range_max, both margins, max_score and min_score; a line each: how many queries have the same negatives.
Exit 1 when one hasn't. Needs sentence-transformers 6.2, datasets and numpy. range_min is left out: what it means differs
(docs/mining.md).
"""
import itertools
import json
import os
import subprocess
import sys
import tempfile

import numpy
import torch
from datasets import Dataset
from sentence_transformers.util import mine_hard_negatives

TAKEN = 3


class Vectors:
    """What mine_hard_negatives asks of a model, from vectors that are there."""

    similarity_fn_name = "cosine"
    prompts = {}
    default_prompt_name = None
    model_card_data = None
    device = "cpu"

    def __init__(self, of):
        self.of = of

    def encode(self, texts, **_):
        return torch.tensor(numpy.stack([self.of[text] for text in texts]))

    encode_query = encode_document = encode

    def similarity(self, a, b):
        return a @ b.T

    def similarity_pairwise(self, a, b):
        return (a * b).sum(-1)


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def vectors_of(tern, model, texts, folder):
    if any("\n" in text or "\r" in text for text in texts):
        sys.exit("texts of several lines are not compared")
    with open(f"{folder}/texts.txt", "w", encoding="utf-8") as file:
        file.writelines(text + "\n" for text in texts)
    run(tern, "encode", model, f"{folder}/texts.txt", "--output", f"{folder}/vectors.npy")
    return Vectors(dict(zip(texts, numpy.load(f"{folder}/vectors.npy"))))


def theirs(rows, vectors, options):
    found = {row["anchor"]: [] for row in rows}
    pairs = Dataset.from_list([{"anchor": row["anchor"], "positive": row["positive"]} for row in rows])
    for row in mine_hard_negatives(pairs, vectors, num_negatives=TAKEN, sampling_strategy="top", output_format="triplet",
                                   verbose=False, use_faiss=False, **options):
        found[row["anchor"]].append(row["negative"])
    return found


def ours(tern, recipe, options, folder):
    command = [tern, "mine", recipe, "--output", f"{folder}/mined.jsonl", "--force"]
    settings = {"num_negatives": TAKEN, "near_duplicates": 0, "max_share": 1, "output": "flag"} | options
    for key, value in settings.items():
        command += ["--set", f"mine.{key}={'none' if value is None else value}"]
    run(*command)
    with open(f"{folder}/mined.jsonl", encoding="utf-8") as file:
        return {line["query"]: line["neg"] for line in map(json.loads, file)}


def main():
    tern, model, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    texts = list(dict.fromkeys([row["anchor"] for row in rows] + [row["positive"] for row in rows]))
    grid = {"range_max": [20, 60], "relative_margin": [None, 0.05], "absolute_margin": [None, 0.1],
            "max_score": [None, 0.5], "min_score": [None, 0.2]}
    differ = 0
    with tempfile.TemporaryDirectory() as folder:
        vectors = vectors_of(tern, model, texts, folder)
        recipe = f"{folder}/recipe.yaml"
        with open(recipe, "w", encoding="utf-8") as file:
            json.dump({"model": model, "data": {"train": {"file": os.path.abspath(path)}}, "loss": "multiple_negatives_ranking",
                       "output": {"dir": folder}}, file)
        for values in itertools.product(*grid.values()):
            options = dict(zip(grid, values))
            a, b = theirs(rows, vectors, options), ours(tern, recipe, options, folder)
            same = sum(a[query] == b[query] for query in b)
            differ += same != len(b)
            print(f"{same} of {len(b)}: {options}", flush=True)
    sys.exit(differ > 0)


if __name__ == "__main__":
    main()
