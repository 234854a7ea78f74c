#!/usr/bin/env python3
"""Negatives of tern mine beside those of sentence-transformers' mine_hard_negatives on tern's own vectors.

    compare_mining.py TERN MODEL ROWS.jsonl        # rows with anchor and positive, each anchor once
    compare_mining.py TERN MODEL FOLDER            # a BEIR folder: train's queries, of each the first positive alone

First, with a folder, the nearest documents beside FAISS's IndexFlatIP: scores to 1e-6, and documents wherever neighbouring scores
differ by more, here as below. Then every combination of range_max, both margins, max_score and min_score; a line each: how many queries have
the same negatives. Exit 1 when one hasn't. Of a folder's documents that say the same but for case, punctuation and
blanks the first alone is taken, and none that says what a query does: what is done with the others differs, as range_min
does (docs/mining.md). Needs sentence-transformers 6.2, datasets, numpy and faiss-cpu.
"""
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile

import faiss
import numpy
import torch
from datasets import Dataset
from sentence_transformers.util import mine_hard_negatives

TAKEN = 3
NEAREST = 64


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


def words(text):
    return " ".join(re.findall(r"\w+", text.lower()))


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def one_line(text):
    return " ".join(text.split())


def read_folder(folder):
    """Rows, and documents with their ids in descending order."""
    queries = {line["_id"]: one_line(line["text"]) for line in lines(f"{folder}/queries.jsonl")}
    documents = {line["_id"]: one_line(f'{line.get("title", "")} {line["text"]}') for line in lines(f"{folder}/corpus.jsonl")}
    first = {}
    with open(f"{folder}/qrels/train.tsv", encoding="utf-8") as file:
        for line in list(file)[1:]:
            query, document, grade = line.split()
            if int(grade) > 0 and documents.get(document):
                first.setdefault(queries[query], document)
    seen = {words(text) for text in first}
    kept = {}
    for document in sorted(documents, key=lambda one: one not in first.values()):
        if documents[document] and words(documents[document]) not in seen:
            seen.add(words(documents[document]))
            kept[document] = documents[document]
    rows = [{"anchor": text, "positive": kept[document]} for text, document in first.items() if document in kept]
    return rows, dict(sorted(kept.items(), reverse=True))


def compare_nearest(rows, documents, vectors, mined):
    """Queries whose nearest documents are FAISS's."""
    texts = list(documents.values())
    index = faiss.IndexFlatIP(len(vectors.of[texts[0]]))
    index.add(numpy.stack([vectors.of[text] for text in texts]))
    scores, places = index.search(numpy.stack([vectors.of[row["anchor"]] for row in rows]), NEAREST + 2)
    same, most = 0, 0.0
    for row, score, place in zip(rows, scores, places):
        theirs = [(float(s), texts[p]) for s, p in zip(score, place) if texts[p] != row["positive"]]
        line = mined[row["anchor"]]
        ours = list(zip(line["score"][1:], line["negative"]))
        most = max(most, max(abs(a[0] - b[0]) for a, b in zip(ours, theirs)))
        apart = [i for i in range(NEAREST) if theirs[i][0] - theirs[i + 1][0] > 1e-6 and
                 (i == 0 or theirs[i - 1][0] - theirs[i][0] > 1e-6)]
        same += len(ours) == NEAREST and all(ours[i][1] == theirs[i][1] for i in apart)
    print(f"{same} of {len(rows)} queries have FAISS's {NEAREST} nearest documents; scores differ by {most:.1e} at most", flush=True)
    return same == len(rows) and most <= 1e-6


def theirs(rows, documents, vectors, options):
    found = {row["anchor"]: [] for row in rows}
    pairs = Dataset.from_list([{"anchor": row["anchor"], "positive": row["positive"]} for row in rows])
    corpus = list(documents.values()) if documents else None
    for row in mine_hard_negatives(pairs, vectors, corpus=corpus, num_negatives=TAKEN, sampling_strategy="top",
                                   output_format="triplet", verbose=False, use_faiss=False, **options):
        found[row["anchor"]].append(row["negative"])
    return found


def without_extra_rank(rows, documents, vectors, found, range_max):
    """They keep a rank more for a query whose positive isn't among the best: range_max + 1 candidates, less the positive."""
    texts = list(documents.values())
    scores = numpy.stack([vectors.of[row["anchor"]] for row in rows]) @ numpy.stack([vectors.of[text] for text in texts]).T
    best = numpy.argsort(-scores, axis=1, kind="stable")[:, :range_max + 1]
    for row, places in zip(rows, best):
        if row["positive"] not in (texts[place] for place in places):
            extra = texts[places[-1]]
            found[row["anchor"]] = [text for text in found[row["anchor"]] if text != extra]
    return found


def alike(vectors, query, a, b):
    """The same negatives, but for neighbours whose scores no more than rounding sets apart."""
    apart = (abs(float(vectors.of[query] @ (vectors.of[x] - vectors.of[y]))) for x, y in zip(a, b) if x != y)
    return len(a) == len(b) and all(difference <= 1e-6 for difference in apart)


def ours(tern, recipe, options, folder):
    command = [tern, "mine", recipe, "--output", f"{folder}/mined.jsonl", "--force"]
    settings = {"num_negatives": TAKEN, "near_duplicates": 0, "max_share": 1, "output": "flag"} | options
    for key, value in settings.items():
        command += ["--set", f"mine.{key}={'none' if value is None else value}"]
    run(*command)
    return lines(f"{folder}/mined.jsonl")


def main():
    tern, model, path = sys.argv[1:]
    rows, documents = read_folder(path) if os.path.isdir(path) else (lines(path), None)
    texts = list(dict.fromkeys([row["anchor"] for row in rows] + [row["positive"] for row in rows] +
                               list((documents or {}).values())))
    grid = {"range_max": [20, 60], "relative_margin": [None, 0.05], "absolute_margin": [None, 0.1],
            "max_score": [None, 0.5], "min_score": [None, 0.2]}
    differ = 0
    with tempfile.TemporaryDirectory() as folder:
        vectors = vectors_of(tern, model, texts, folder)
        recipe = f"{folder}/recipe.yaml"
        content = {"model": model, "data": {"train": {"file": f"{folder}/rows.jsonl"}}, "loss": "multiple_negatives_ranking",
                   "output": {"dir": folder}}
        with open(f"{folder}/rows.jsonl", "w", encoding="utf-8") as file:
            file.writelines(json.dumps({"anchor": row["anchor"], "positive": row["positive"]}) + "\n" for row in rows)
        if documents:
            content["mine"] = {"corpus": f"{folder}/corpus.jsonl"}
            with open(f"{folder}/corpus.jsonl", "w", encoding="utf-8") as file:
                file.writelines(json.dumps({"_id": one, "text": text}) + "\n" for one, text in documents.items())
        with open(recipe, "w", encoding="utf-8") as file:
            json.dump(content, file)
        if documents:
            mined = ours(tern, recipe, {"output": "lists", "num_negatives": NEAREST, "range_max": NEAREST,
                                        "relative_margin": None}, folder)
            differ += not compare_nearest(rows, documents, vectors, {line["anchor"]: line for line in mined})
        for values in itertools.product(*grid.values()):
            options = dict(zip(grid, values))
            a = theirs(rows, documents, vectors, options)
            if documents:
                a = without_extra_rank(rows, documents, vectors, a, options["range_max"])
            b = {line["query"]: line["neg"] for line in ours(tern, recipe, options, folder)}
            same = sum(alike(vectors, query, a[query], b[query]) for query in b)
            differ += same != len(b)
            print(f"{same} of {len(b)}: {options}", flush=True)
    sys.exit(differ > 0)


if __name__ == "__main__":
    main()
