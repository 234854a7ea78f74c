"""What both sides of a comparison read: texts, models and vectors, made once in a folder.

Texts are those of SciFact and SNLI (the folder TERN_DATA). The base model is all-MiniLM-L6-v2, where tern looks for it.
"""
import json
import os
import re
import shutil
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]


class Missing(Exception):
    """Something that the user must provide, or that isn't there yet."""


def data_folder():
    for folder in (os.environ.get("TERN_DATA"), SOURCE.parent / "shared" / "data"):
        if folder and (Path(folder) / "scifact" / "corpus.jsonl").exists():
            return Path(folder)
    raise Missing("TERN_DATA doesn't name the folder that holds scifact/ and snli/")


def base_model():
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "tern/models/sentence-transformers/all-MiniLM-L6-v2"
    if not folder.exists():
        raise Missing("the base model isn't there; run scripts/get-model.sh")
    return folder


def json_rows(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def one_line(text):
    return " ".join(text.split())


def tokenizer():
    from tokenizers import Tokenizer
    result = Tokenizer.from_file(str(base_model() / "tokenizer.json"))
    result.no_padding()
    result.no_truncation()
    return result


def cut(text, most, tok):
    """The text's first words that have at most that many ids, special ones included."""
    encoding = tok.encode(text)
    keep = min(most - 1, len(encoding.ids) - 1)
    while keep > 1 and keep < len(encoding.ids) - 1 and encoding.word_ids[keep] == encoding.word_ids[keep - 1]:
        keep -= 1
    return text[: encoding.offsets[keep - 1][1]]


def write_lines(path, lines):
    """Whole or not at all."""
    part = path.with_suffix(".part")
    part.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    part.rename(path)


def scifact_passages():
    rows = json_rows(data_folder() / "scifact" / "corpus.jsonl")
    return [one_line(row["title"] + " " + row["text"]) for row in rows]


def passage_pairs(path):
    """512 claims with passages, cut to 5 to 11 and 48 to 108 ids."""
    tok = tokenizer()
    claims = [one_line(row["text"]) for row in json_rows(data_folder() / "scifact" / "queries.jsonl")]
    pairs = zip(claims[:512], scifact_passages()[:512])
    write_lines(path, [cut(claim, 5 + i % 7, tok) + "\t" + cut(passage, 48 + i * 37 % 61, tok)
                       for i, (claim, passage) in enumerate(pairs)])


def nli_pairs(path):
    """512 premises with a sentence that follows from them, as they are."""
    rows = json_rows(data_folder() / "snli" / "triplets-dev.jsonl")[:512]
    write_lines(path, [one_line(row["anchor"]) + "\t" + one_line(row["positive"]) for row in rows])


def passages(path):
    write_lines(path, scifact_passages()[:1000])


def texts(path):
    """All passages for tokenizing, as JSON Lines with the key "text"."""
    write_lines(path, [json.dumps({"text": text}) for text in scifact_passages()])


STOP_WORDS = set("a an and are as at be but by for if in into is it no not of on or such that the their then there these they "
                 "this to was will with".split())


def plain_words(text):
    """Words that every library cuts alike, without stop words."""
    return [word for word in re.findall(r"[a-z0-9]+", text.lower()) if word not in STOP_WORDS]


def word_documents(path):
    """100,000 windows of 60 words over SciFact's passages, most of which overlap."""
    words = plain_words(" ".join(scifact_passages()))
    step = (len(words) - 60) / 100_000
    write_lines(path, [" ".join(words[int(i * step) : int(i * step) + 60]) for i in range(100_000)])


def word_queries(path):
    rows = json_rows(data_folder() / "scifact" / "queries.jsonl")[:1000]
    write_lines(path, [" ".join(plain_words(row["text"])) for row in rows])


def mining_corpus(path):
    """SciFact's passages, each once."""
    write_lines(path, [json.dumps({"_id": str(i), "text": text})
                       for i, text in enumerate(dict.fromkeys(scifact_passages()))])


def mining_rows(path):
    """SciFact's training claims, each with the first of its right passages."""
    folder = data_folder() / "scifact"
    passages = {row["_id"]: one_line(row["title"] + " " + row["text"]) for row in json_rows(folder / "corpus.jsonl")}
    claims = {row["_id"]: one_line(row["text"]) for row in json_rows(folder / "queries.jsonl")}
    first = {}
    for line in (folder / "qrels" / "train.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, passage, _ = line.split()
        first.setdefault(claims[query], passages[passage])
    write_lines(path, [json.dumps({"anchor": claim, "positive": passage}) for claim, passage in first.items()])


def bert_base(path):
    """BERT-base's sizes with random weights, in all-MiniLM's folder otherwise."""
    import torch
    from transformers import BertConfig, BertModel
    part = path.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(base_model(), part)
    torch.manual_seed(1)
    BertModel(BertConfig(), add_pooling_layer=False).save_pretrained(part, safe_serialization=True)
    pooling = part / "1_Pooling" / "config.json"
    sizes = json.loads(pooling.read_text()) | {"word_embedding_dimension": 768}
    pooling.write_text(json.dumps(sizes))
    part.rename(path)


def onnx_model(path):
    """all-MiniLM from ids to vectors, fused by ONNX Runtime's own tool for BERT."""
    import torch
    from onnxruntime.transformers import optimizer
    plain = onnx_plain(path.with_name("minilm-plain.onnx"))
    config = json.loads((base_model() / "config.json").read_text())
    model = optimizer.optimize_model(str(plain), model_type="bert", num_heads=config["num_attention_heads"],
                                     hidden_size=config["hidden_size"])
    model.save_model_to_file(str(path))


def onnx_plain(path):
    import torch
    from transformers import BertModel

    class Whole(torch.nn.Module):
        def __init__(self):
            super().__init__()
            # Written out: the form that ONNX Runtime's fusion knows.
            self.bert = BertModel.from_pretrained(base_model(), attn_implementation="eager").eval()

        def forward(self, input_ids, attention_mask):
            tokens = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            mask = attention_mask.unsqueeze(-1).to(tokens.dtype)
            return torch.nn.functional.normalize((tokens * mask).sum(1) / mask.sum(1), dim=1)

    if path.exists():
        return path
    ids = torch.randint(1000, 2000, (2, 7))
    names = ["input_ids", "attention_mask"]
    torch.onnx.export(Whole(), (ids, torch.ones_like(ids)), str(path), input_names=names, output_names=["vectors"],
                      dynamic_axes={name: {0: "texts", 1: "tokens"} for name in names} | {"vectors": {0: "texts"}},
                      opset_version=17, dynamo=False)
    return path


def onnx_int8(path):
    """Weights in int8 a channel: as fast as a scale for the whole matrix, and much nearer to float32."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    plain = onnx_plain(path.with_name("minilm-plain.onnx"))
    quantize_dynamic(str(plain), str(path), weight_type=QuantType.QInt8, per_channel=True)


def unit_vectors(rows):
    def make(path):
        import numpy
        x = numpy.random.default_rng(rows).standard_normal((rows, 384), dtype=numpy.float32)
        x /= numpy.linalg.norm(x, axis=1, keepdims=True)
        numpy.save(path, x)
    return make


MAKERS = {"passage-pairs.tsv": passage_pairs, "nli-pairs.tsv": nli_pairs, "passages.txt": passages,
          "texts.jsonl": texts, "bert-base": bert_base, "minilm.onnx": onnx_model, "minilm-int8.onnx": onnx_int8,
          "word-docs.txt": word_documents, "word-queries.txt": word_queries,
          "mining-corpus.jsonl": mining_corpus, "mining-rows.jsonl": mining_rows,
          "docs.npy": unit_vectors(100_000), "docs-million.npy": unit_vectors(1_000_000),
          "queries.npy": unit_vectors(1_000)}


def get(folder, name):
    """The path of an input, made when it isn't there."""
    if name == "minilm":
        return base_model()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    if not path.exists():
        MAKERS[name](path)
    return path
