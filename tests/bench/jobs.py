"""The jobs: what each side runs, and what is asked of tern."""
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

import inputs

HERE = Path(__file__).resolve().parent


@dataclass
class Place:
    """Where things are, and on how many threads they run."""
    folder: Path
    build: Path
    threads: int

    def input(self, name):
        return inputs.get(self.folder, name)

    def tern(self, program, *arguments, threads=None):
        path = self.build / ("tern" if program == "tern" else "tests/" + program)
        if not path.exists():
            raise inputs.Missing(f"{path} isn't built")
        return [path, *arguments, "--threads", threads or self.threads, "--serve"]

    def python(self, program, *arguments):
        return [sys.executable, HERE / program, *arguments, "--threads", self.threads]


@dataclass
class Job:
    name: str
    title: str
    sides: Callable  # of a Place: [(label, command)], tern first
    asked: str
    amount: str = "tokens"  # what rates count: a key of the ready line's "same"
    tolerance: Optional[float] = 1e-4
    figure: Optional[Callable] = None  # of one measurement, for a job without a peer
    rounds: Optional[int] = None  # where more would give the same


def training(texts, model="minilm", pairs=64, mini_batch=0):
    def sides(place):
        what = ["--model", place.input(model), "--texts", place.input(texts), "--pairs", pairs]
        return [("tern", place.tern("bench_step", *what)),
                ("sentence-transformers", place.python("peers.py", "step", *what, "--mini-batch", mini_batch))]
    return sides


def training_alone(place):
    return training("passage-pairs.tsv")(place)[:1]


def threads(place):
    what = ["--model", place.input("minilm"), "--texts", place.input("passage-pairs.tsv")]
    return [("tern", place.tern("bench_step", *what, threads=2)),
            ("tern, one thread", place.tern("bench_step", *what, threads=1))]


def encoding(place):
    what = ["--model", place.input("minilm"), "--texts", place.input("passages.txt")]
    return [("tern", place.tern("bench_encode", *what)),
            ("sentence-transformers", place.python("peers.py", "encode-st", *what)),
            ("ONNX Runtime", place.python("peers.py", "encode-ort", *what, "--onnx", place.input("minilm.onnx")))]


def encoding_int8(place):
    what = ["--model", place.input("minilm"), "--texts", place.input("passages.txt")]
    return [("tern", place.tern("bench_encode", *what, "--precision", "int8")),
            ("ONNX Runtime, int8",
             place.python("peers.py", "encode-ort", *what, "--onnx", place.input("minilm-int8.onnx")))]


def tokenizing(place):
    what = ["--model", place.input("minilm"), "--texts", place.input("texts.jsonl")]
    return [("tern", place.python("own.py", "tokenize", "--build", place.build, *what)),
            ("tokenizers", place.python("peers.py", "tokenize", *what))]


def search(docs):
    def sides(place):
        what = ["--docs", place.input(docs), "--queries", place.input("queries.npy")]
        return [("tern", place.tern("bench_topk", *what)),
                ("faiss-cpu IndexFlatIP", place.python("peers.py", "search", *what))]
    return sides


def bm25(place):
    what = ["--docs", place.input("word-docs.txt"), "--queries", place.input("word-queries.txt")]
    return [("tern", place.tern("bench_bm25", *what)),
            ("bm25s, numba", place.python("peers.py", "bm25", *what))]


def mining(precision):
    def sides(place):
        what = ["--model", place.input("minilm"), "--rows", place.input("mining-rows.jsonl"),
                "--corpus", place.input("mining-corpus.jsonl")]
        return [("tern", place.python("own.py", "mine", "--build", place.build, "--precision", precision, *what)),
                ("sentence-transformers", place.python("peers.py", "mine", *what))]
    return sides


def quality_int8(place):
    return [("tern", place.python("own.py", "int8", "--build", place.build, "--model", place.input("minilm")))]


def open_model(place):
    return [("tern", place.python("own.py", "open", "--build", place.build, "--model", place.input("minilm")))]


def start(place):
    return [("tern", place.python("own.py", "start", "--build", place.build))]


JOBS = [
    Job("step", "training step, MiniLM, 64 pairs of claims and passages", training("passage-pairs.tsv"), "3.0"),
    Job("nli", "training step, MiniLM, 64 pairs of NLI sentences", training("nli-pairs.tsv"), "3.0"),
    Job("bert-base", "training step, BERT-base, 64 pairs of claims and passages",
        training("passage-pairs.tsv", model="bert-base"), "2.2"),
    Job("cached", "training step, MiniLM, 512 pairs, all activations kept; the peer's cached loss",
        training("passage-pairs.tsv", pairs=512, mini_batch=32), "3.5"),
    Job("useful", "useful work of the training step / sgemm", training_alone, "0.75",
        figure=lambda m: m["useful_gflops"] / m["sgemm_gflops"]),
    Job("encode", "encoding 1,000 passages, float32", encoding, "1.4"),
    Job("int8", "encoding 1,000 passages, int8", encoding_int8, "1.3", tolerance=None),
    Job("int8-quality", "NDCG@10 on SciFact, float32 less int8", quality_int8, "0.005 at most",
        figure=lambda m: m["loss"], rounds=1),
    Job("tokenize", "tokenizing 5,183 passages", tokenizing, "20"),
    Job("search", "exact top 100 of 100,000 vectors, 384 wide, 1,000 queries", search("docs.npy"), "1.0",
        amount="queries"),
    Job("search-million", "exact top 100 of 1,000,000 vectors, 384 wide, 1,000 queries", search("docs-million.npy"),
        "1.0", amount="queries"),
    Job("bm25", "BM25, the best 100 of 100,000 documents of 60 words, 1,000 queries", bm25, "5.0", amount="queries"),
    Job("mine", "mining SciFact, 807 claims and 5,183 abstracts, float32", mining("float32"), "3.0", amount="queries",
        tolerance=0.01, rounds=3),
    Job("mine-int8", "mining SciFact, int8 against float32", mining("int8"), "3.0", amount="queries", tolerance=0.05,
        rounds=3),
    Job("threads", "training step, MiniLM, 64 pairs: two threads", threads, "1.85"),
    Job("open", "opening a model: tokenizer and mapped weights, seconds", open_model, "0.05 at most",
        figure=lambda m: m["seconds"]),
    Job("start", "start to the first training step, ids cached, seconds", start, "0.5 at most",
        figure=lambda m: m["seconds"]),
]
