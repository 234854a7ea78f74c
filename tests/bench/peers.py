"""The peers' side of each job, a program that is asked like tern's own (bench.h): it prints a line when it is ready and
warm, then takes one measurement for each line of its input.

    python peers.py step --model FOLDER --texts PAIRS.tsv --pairs 64 --threads 2
"""
import argparse
import json
import resource
import sys
import time

import numpy


def checksum(ids):
    """As bench_checksum."""
    flat = numpy.fromiter((i for text in ids for i in text), dtype=numpy.int64)
    return int(((numpy.arange(len(flat)) % 65521 + 1) * flat).sum())


def identity(ids):
    return {"tokens": sum(map(len, ids)), "ids": checksum(ids)}


def real_ids(features):
    return [[i for i, m in zip(*row) if m] for row in zip(features["input_ids"].tolist(),
                                                            features["attention_mask"].tolist())]


def samples(vectors):
    """As bench_encode.c takes them."""
    n, dim = vectors.shape
    return {str(i): float(vectors[i * n // 64, i * dim // 64]) for i in range(64)}


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return file.read().split("\n")[:-1]


def seconds_of(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def timed(call):
    """call as a measurement."""
    return lambda: {"seconds": seconds_of(call)}


def step(args):
    """One training step of sentence-transformers on a batch that its own tokenizer and collator made."""
    import torch
    from sentence_transformers import SentenceTransformer, losses
    torch.set_num_threads(args.threads)
    model = SentenceTransformer(str(args.model), device="cpu")
    loss = losses.MultipleNegativesRankingLoss(model)
    if args.mini_batch:
        loss = losses.CachedMultipleNegativesRankingLoss(model, mini_batch_size=args.mini_batch)
    # Fused, as the trainer's default is.
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5, weight_decay=0.01, fused=True)
    pairs = [line.split("\t") for line in read_lines(args.texts)[: args.pairs]]
    columns = [model.tokenize(list(column)) for column in zip(*pairs)]
    ids = [text for column in columns for text in real_ids(column)]

    def one():
        optimizer.zero_grad()
        value = loss([dict(column) for column in columns], None)
        value.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return {"loss": float(value.detach()), "gradient": float(norm)}

    model.eval()  # no dropout in the first step, which both sides compare
    close = one()
    model.train()
    for _ in range(2):
        one()
    return {"same": identity(ids), "close": close}, timed(one)


def best_batch(encode, texts):
    """The fastest number of texts a batch, tried on some of them."""
    some = texts[::8]
    encode(some[:32], 32)
    return min((16, 32, 64), key=lambda size: min(seconds_of(lambda: encode(some, size)) for _ in range(2)))


def encoding(encode, texts, ids):
    size = best_batch(encode, texts)
    vectors = encode(texts, size)
    ready = {"same": identity(ids), "close": samples(vectors), "batch": size}
    return ready, timed(lambda: encode(texts, size))


def encode_st(args):
    import torch
    from sentence_transformers import SentenceTransformer
    torch.set_num_threads(args.threads)
    model = SentenceTransformer(str(args.model), device="cpu")
    texts = read_lines(args.texts)
    ids = [text for i in range(0, len(texts), 32) for text in real_ids(model.tokenize(texts[i : i + 32]))]
    return encoding(lambda part, size: model.encode(part, batch_size=size), texts, ids)


def model_tokenizer(model):
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(str(model) + "/tokenizer.json")
    with open(str(model) + "/sentence_bert_config.json", encoding="utf-8") as file:
        tokenizer.enable_truncation(json.load(file)["max_seq_length"])
    return tokenizer


def padded(encodings):
    longest = max(len(e.ids) for e in encodings)
    ids = numpy.zeros((len(encodings), longest), dtype=numpy.int64)
    mask = numpy.zeros_like(ids)
    for row, e in enumerate(encodings):
        ids[row, : len(e.ids)] = e.ids
        mask[row, : len(e.ids)] = 1
    return {"input_ids": ids, "attention_mask": mask}


def encode_ort(args):
    """Texts sorted by length, in padded batches."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    session = onnxruntime.InferenceSession(str(args.onnx), options, providers=["CPUExecutionProvider"])
    tokenizer = model_tokenizer(args.model)
    tokenizer.no_padding()

    def encode(texts, size):
        encodings = tokenizer.encode_batch_fast(texts)
        order = sorted(range(len(texts)), key=lambda i: -len(encodings[i].ids))
        vectors = numpy.empty((len(texts), 384), dtype=numpy.float32)
        for i in range(0, len(order), size):
            part = order[i : i + size]
            vectors[part] = session.run(None, padded([encodings[j] for j in part]))[0]
        return vectors

    texts = read_lines(args.texts)
    return encoding(encode, texts, [e.ids for e in tokenizer.encode_batch(texts)])


def tokenize(args):
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(str(args.model) + "/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    texts = [json.loads(line)["text"] for line in read_lines(args.texts)]
    ids = [e.ids for e in tokenizer.encode_batch_fast(texts)]
    return {"same": identity(ids), "close": {}}, timed(lambda: tokenizer.encode_batch_fast(texts))


def search(args):
    import faiss
    faiss.omp_set_num_threads(args.threads)
    docs, queries = numpy.load(args.docs), numpy.load(args.queries)
    index = faiss.IndexFlatIP(docs.shape[1])
    index.add(docs)
    ready = {"same": {"docs": len(docs), "queries": len(queries)}}
    del docs  # 1.5 GB, where there are a million
    scores, _ = index.search(queries, args.k)
    ready["close"] = {"best": float(scores[:, 0].mean()), "last": float(scores[:, -1].mean())}
    return ready, timed(lambda: index.search(queries, args.k))


def bm25(args):
    """Its fastest mode: compiled by numba, given words, on as many threads."""
    import bm25s
    docs, queries = ([line.split() for line in read_lines(path)] for path in (args.docs, args.queries))
    index = bm25s.BM25(method="lucene", k1=0.9, b=0.4, backend="numba")
    index.index(docs, show_progress=False)

    def search():
        return index.retrieve(queries, k=args.k, show_progress=False, n_threads=args.threads)

    scores = search().scores
    ready = {"same": {"docs": len(docs), "queries": len(queries)},
             "close": {"best": float(scores[:, 0].mean()), "last": float(scores[:, -1].mean())}}
    return ready, timed(search)


def mine(args):
    """The model is loaded and warm; what mine_hard_negatives takes."""
    import torch
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.util import mine_hard_negatives
    torch.set_num_threads(args.threads)
    model = SentenceTransformer(str(args.model), device="cpu")
    rows, corpus = ([json.loads(line) for line in read_lines(path)] for path in (args.rows, args.corpus))
    pairs, texts = Dataset.from_list(rows), [row["text"] for row in corpus]
    size = best_batch(lambda part, batch: model.encode(part, batch_size=batch), texts[:1000])

    def once():
        return mine_hard_negatives(pairs, model, corpus=texts, num_negatives=4, range_max=100, relative_margin=0.05,
                                   sampling_strategy="top", output_format="triplet", batch_size=size, verbose=False)

    return {"same": {"queries": len(rows)}, "close": {"negatives": len(once())}, "batch": size}, timed(once)


def serve(ready, measure):
    print(json.dumps(ready), flush=True)
    for _ in sys.stdin:
        peak = {"peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}
        print(json.dumps(measure() | peak), flush=True)


def main():
    jobs = {"step": step, "encode-st": encode_st, "encode-ort": encode_ort, "tokenize": tokenize, "search": search,
            "bm25": bm25, "mine": mine}
    parser = argparse.ArgumentParser()
    parser.add_argument("job", choices=jobs)
    for name in ("--model", "--texts", "--onnx", "--docs", "--queries", "--rows", "--corpus"):
        parser.add_argument(name)
    for name, default in (("--pairs", 64), ("--mini-batch", 0), ("--k", 100), ("--threads", 1)):
        parser.add_argument(name, type=int, default=default)
    args = parser.parse_args()
    serve(*jobs[args.job](args))


if __name__ == "__main__":
    main()
