#!/usr/bin/env python3
"""Goldens of whole models, made with sentence-transformers in float32 (torch, one thread).

  make_model_goldens.py MODEL SCIFACT          writes tests/goldens/embeddings.f32 and tests/goldens/tiny*
  make_model_goldens.py --texts OUT SCIFACT    writes the 1,000 texts, one a line
  make_model_goldens.py --full X.npy MODEL SCIFACT   compares `tern encode MODEL OUT --output X.npy` with
                                               sentence-transformers over all components, prints the greatest difference

The 1,000 texts, of the BEIR folder scifact: with n documents in corpus.jsonl, those with the numbers i * n // 700 for
i in 0 .. 699, as (title + " " + text) stripped; then, with n queries in queries.jsonl, those with the numbers
i * n // 300 for i in 0 .. 299. Line ends inside a text become spaces.
embeddings.f32: components 0, 16, 32, .. of each, float32 little-endian, [1000, 24].

tiny/ is a BERT of random weights (16 wide, 2 layers) with Dense and prompts, as sentence-transformers 6.2 saves it (the
new form). tiny-f16.safetensors holds its transformer in F16; tiny-bf16.safetensors in BF16 under the prefix "bert." with
LayerNorm's old names and a head that is no part of the model. tiny.json holds texts and their vectors for each case.
"""
import json
import os
import shutil
import sys

import numpy as np
import torch

torch.set_num_threads(1)
HERE = os.path.dirname(os.path.abspath(__file__))


def choose(rows, n):
    return [rows[i * len(rows) // n] for i in range(n)]


def read(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def texts_of(scifact):
    documents = [(d["title"] + " " + d["text"]).strip() for d in choose(read(scifact + "/corpus.jsonl"), 700)]
    queries = [q["text"] for q in choose(read(scifact + "/queries.jsonl"), 300)]
    return [t.replace("\r", " ").replace("\n", " ") for t in documents + queries]


def embed(model, texts):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(model, device="cpu")
    return model.encode(texts, batch_size=32, normalize_embeddings=True, convert_to_numpy=True).astype(np.float32)


def tiny_vocabulary():
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["the", "dog", "cat", "text", "an", "act", "##ing", "##ed"]
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list(letters) + ["##" + c for c in letters] + words + [":", ".", ","]


def make_tiny():
    from safetensors.torch import load_file, save_file
    from sentence_transformers import SentenceTransformer, models
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(7)
    base, folder = "/tmp/tern-tiny-base", HERE + "/tiny"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(base, ignore_errors=True)
    os.makedirs(base)
    vocabulary = tiny_vocabulary()
    with open(base + "/vocab.txt", "w") as file:
        file.write("".join(token + "\n" for token in vocabulary))
    shutil.copy(base + "/vocab.txt", HERE + "/tiny-vocab.txt")
    BertTokenizerFast(vocab=base + "/vocab.txt", model_max_length=20).save_pretrained(base)
    config = BertConfig(vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
                        intermediate_size=40, max_position_embeddings=24, initializer_range=0.3)
    bert = BertModel(config)
    with torch.no_grad():
        for name, p in bert.named_parameters():
            if p.dim() == 1:
                p.add_(0.2 * torch.randn_like(p))
    bert.save_pretrained(base)

    transformer = models.Transformer(base, max_seq_length=20)
    dense = models.Dense(16, 6, activation_function=torch.nn.Tanh())
    texts = ["", "a", "the dog, the cat.", "an acting text \u00e9 \u6771 zebra", "x " * 40, "dogs texted cats"]
    prompts = {"query": "the query: ", "passage": "text: ", "other": "an "}
    cases = []

    def add(name, modules, weights=None, role=None, source=transformer):
        model = SentenceTransformer(modules=[source] + modules, device="cpu", prompts=prompts)
        rows = [model.encode([t], prompt=prompts[role] if role else None)[0].tolist() for t in texts]
        cases.append({"name": name, "weights": weights, "role": role, "dense": any(isinstance(m, models.Dense) for m in modules),
                      "normalize": any(isinstance(m, models.Normalize) for m in modules),
                      "pooling": modules[0].pooling_mode, "vectors": rows})
        return model

    for mode in ("mean", "cls", "max", "lasttoken", "mean_sqrt_len_tokens"):
        add(mode, [models.Pooling(16, mode)])
    full = [models.Pooling(16, "mean"), dense, models.Normalize()]
    saved = add("dense", full)
    add("query", full, role="query")
    add("passage", full, role="passage")
    saved.save_pretrained(folder)
    os.remove(folder + "/README.md")
    with open(folder + "/config_sentence_transformers.json") as file:
        config = json.load(file)
    del config["prompts"]["document"]  # sentence-transformers adds an empty one, which would hide "passage"
    with open(folder + "/config_sentence_transformers.json", "w") as file:
        json.dump(config, file, indent=2)
        file.write("\n")

    state = load_file(folder + "/model.safetensors")
    half = {k: v.to(torch.float16) for k, v in state.items()}
    save_file(half, HERE + "/tiny-f16.safetensors", metadata={"format": "pt"})
    old = {}
    for k, v in state.items():
        name = "bert." + k.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
        old[name] = v.to(torch.bfloat16)
    old["cls.predictions.bias"] = torch.zeros(len(vocabulary))
    old["bert.embeddings.position_ids"] = torch.arange(24).unsqueeze(0)
    save_file(old, HERE + "/tiny-bf16.safetensors", metadata={"format": "pt"})
    for name, kind in (("tiny-f16.safetensors", torch.float16), ("tiny-bf16.safetensors", torch.bfloat16)):
        rounded = {k: v.to(kind).to(torch.float32) for k, v in state.items()}
        transformer.auto_model.load_state_dict(rounded, strict=False)
        add(name, [models.Pooling(16, "mean"), models.Normalize()], weights=name)
    for path in (HERE + "/tiny-f16.safetensors", HERE + "/tiny-bf16.safetensors", folder + "/model.safetensors",
                 folder + "/2_Dense/model.safetensors"):
        os.chmod(path, 0o644)
    with open(HERE + "/tiny.json", "w") as file:
        json.dump({"texts": texts, "cases": cases}, file, indent=0)
        file.write("\n")


def main(argv):
    if argv[:1] == ["--texts"]:
        with open(argv[1], "w", encoding="utf-8") as file:
            file.write("".join(t + "\n" for t in texts_of(argv[2])))
    elif argv[:1] == ["--full"]:
        difference = np.abs(np.load(argv[1]) - embed(argv[2], texts_of(argv[3])))
        print("greatest difference %.3g, mean %.3g, over %d components" % (difference.max(), difference.mean(), difference.size))
    else:
        make_tiny()
        embed(argv[0], texts_of(argv[1]))[:, ::16].astype("<f4").tofile(HERE + "/embeddings.f32")


if __name__ == "__main__":
    main(sys.argv[1:])
