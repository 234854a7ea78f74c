#!/usr/bin/env python3
"""Goldens of what stands beside a tokenizer.json or vocab.txt: ids by transformers' AutoTokenizer.

    python3 tests/goldens/make_tokenizer_config_goldens.py     # transformers 5.24, tokenizers 0.23

Writes tests/goldens/tokenizer_config.jsonl: a line a folder, {"name", "files": {name: JSON or text}, "agree": whether all
files say the same, "cases": [{"text", "max_length", "ids"}]}."""
import copy
import json
import os
import pathlib
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
from transformers import AutoTokenizer  # noqa: E402

HERE = pathlib.Path(__file__).parent
TINY = HERE / "tiny"
TEXTS = ["The quick Café 東京 [MASK] <x>the foo<x> [SEP] cat", "a b c d e f g h i j k l m n o p q r", "", "dog acting"]

TOKENIZER = json.loads((TINY / "tokenizer.json").read_text())
CONFIG = json.loads((TINY / "config.json").read_text())
SETTINGS = json.loads((TINY / "tokenizer_config.json").read_text())
VOCAB = "".join(token + "\n" for token in TOKENIZER["model"]["vocab"])
N = len(TOKENIZER["model"]["vocab"])


def token(content, **flags):
    return {"content": content, "lstrip": False, "rstrip": False, "normalized": False, "single_word": False,
            "special": True} | flags


def folder(name, settings=None, tokenizer=None, config=None, files=None, without=(), agree=False):
    """settings and tokenizer change a copy of tiny's; None: as they are."""
    parts = {"config.json": copy.deepcopy(CONFIG), "tokenizer.json": copy.deepcopy(TOKENIZER),
             "tokenizer_config.json": copy.deepcopy(SETTINGS)}
    for part, change in (("tokenizer_config.json", settings), ("tokenizer.json", tokenizer), ("config.json", config)):
        if change:
            change(parts[part])
    parts |= files or {}
    for part in without:
        del parts[part]
    cases = []
    with tempfile.TemporaryDirectory() as path:
        for part, content in parts.items():
            text = content if isinstance(content, str) else json.dumps(content)
            (pathlib.Path(path) / part).write_text(text)
        tokenizer = AutoTokenizer.from_pretrained(path)
        for text in TEXTS:
            for length in (0, 8):
                cut = {"truncation": True, "max_length": length} if length else {"truncation": False}
                cases.append({"text": text, "max_length": length, "ids": tokenizer(text, **cut)["input_ids"]})
    return {"name": name, "files": parts, "agree": agree, "cases": cases}


def main():
    generic = {"tokenizer_class": "PreTrainedTokenizerFast"}
    x = {str(N): token("<x>")}
    specials = {str(i): token(t) for i, t in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])}
    vocab = {"vocab.txt": VOCAB}
    rows = [
        folder("as it is", agree=True),
        folder("case is kept", lambda s: s.update(do_lower_case=False)),
        folder("case is kept by tokenizer.json alone", tokenizer=lambda t: t["normalizer"].update(lowercase=False)),
        folder("nothing is said of case", lambda s: s.pop("do_lower_case"), agree=True),
        folder("nothing beside a tokenizer.json that keeps case",
               tokenizer=lambda t: t["normalizer"].update(lowercase=False), without=["tokenizer_config.json"]),
        folder("accents are kept", lambda s: s.update(strip_accents=False)),
        folder("accents are stripped without lower case", lambda s: s.update(do_lower_case=False, strip_accents=True)),
        folder("ideographs are not apart", lambda s: s.update(tokenize_chinese_chars=False)),
        folder("text is not cleaned by tokenizer.json", tokenizer=lambda t: t["normalizer"].update(clean_text=False)),
        folder("another class looks at tokenizer.json alone", lambda s: s.update(do_lower_case=False) or s.update(generic),
               agree=True),
        folder("DistilBERT's class", lambda s: s.update(do_lower_case=False, tokenizer_class="DistilBertTokenizerFast")),
        folder("cut from the left", lambda s: s.update(truncation_side="left")),
        folder("cut from the left by tokenizer.json alone", tokenizer=lambda t: t["truncation"].update(direction="Left"),
               agree=True),
        folder("cut from the right after all", lambda s: s.update(truncation_side="right"),
               lambda t: t["truncation"].update(direction="Left")),
        folder("cut from the left, another class", lambda s: s.update(generic) or s.update(truncation_side="left"),
               lambda t: t.update(truncation=None), agree=True),
        folder("a token in added_tokens_decoder", lambda s: s.update(added_tokens_decoder=specials | x), agree=True),
        folder("a token that takes white space along", lambda s: s.update(
            added_tokens_decoder=specials | {str(N): token("<x>", lstrip=True, rstrip=True)}), agree=True),
        folder("a token in its normal form", lambda s: s.update(
            added_tokens_decoder=specials | {str(N): token("FOO<x>", normalized=True, special=False)}), agree=True),
        folder("a word of the vocabulary as an added token", lambda s: s.update(
            added_tokens_decoder=specials | {str(TOKENIZER["model"]["vocab"]["cat"]): token("cat", lstrip=True)}),
            agree=True),
        folder("a special token matched otherwise", lambda s: s.update(
            added_tokens_decoder=specials | {"4": token("[MASK]", lstrip=True)})),
        folder("tokens in added_tokens.json", files={"added_tokens.json": {"foo": N + 1, "<x>": N}}, agree=True),
        folder("further special tokens", lambda s: s.update(additional_special_tokens=["the", "<x>"]), agree=True),
        folder("another first token", lambda s: s.update(cls_token="[MASK]")),
        folder("another last token, as an object", lambda s: s.update(sep_token={"__type": "AddedToken"} | token("[PAD]"))),
        folder("another first token in special_tokens_map.json",
               files={"special_tokens_map.json": {"cls_token": "[MASK]", "sep_token": "[SEP]"}}),
        folder("special_tokens_map.json is not looked at", lambda s: s.update(added_tokens_decoder=specials),
               files={"special_tokens_map.json": {"cls_token": "[MASK]"}}),
        folder("a post_processor that is not looked at", tokenizer=lambda t: t.update(
            post_processor={"type": "BertProcessing", "cls": ["[MASK]", 4], "sep": ["[PAD]", 0]})),
        folder("no post_processor", tokenizer=lambda t: t.update(post_processor=None)),
        folder("another unknown token", lambda s: s.update(unk_token="[PAD]")),
        folder("long words", tokenizer=lambda t: t["model"].update(max_input_chars_per_word=3)),
        folder("no added_tokens in tokenizer.json", tokenizer=lambda t: t.update(added_tokens=[]), agree=True),
        folder("a vocabulary file", files=vocab | {"added_tokens.json": {"<x>": N}}, without=["tokenizer.json"],
               agree=True),
        folder("a vocabulary file, cut from the left", lambda s: s.update(truncation_side="left", do_lower_case=False),
               files=vocab, without=["tokenizer.json"], agree=True),
    ]
    with open(HERE / "tokenizer_config.jsonl", "w") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
