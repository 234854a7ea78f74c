"""Writes tests/goldens/tokenizer.json (hashes), tokenizer_hostile.jsonl and tokenizer_variants.jsonl: what the Hugging
Face tokenizers package makes of texts, with BERT's uncased vocabulary.

    python tests/goldens/make_tokenizer_goldens.py DATA     DATA: the folder with scifact, nfcorpus and
                                                            tokenizer-bert-uncased
Made with tokenizers 0.23.3. A hash of texts is base/hash.c's over their ids as little-endian int32, each text closed by
-1; a hash of normal forms is over their UTF-8, each closed by a line feed.
"""

import array
import itertools
import json
import os
import random
import sys

import tokenizers
from tokenizers import normalizers

MASK = (1 << 64) - 1
POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
HERE = os.path.dirname(os.path.abspath(__file__))


def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def tern_hash(data, seed=0):
    h, whole = mix(seed ^ 0x7465726E), len(data) // 8 * 8
    for word in memoryview(data[:whole]).cast("Q"):
        h = mix(h ^ word)
    return mix(mix(h ^ int.from_bytes(data[whole:], "little")) ^ len(data))


def tern_random(seed, a, b, c):
    return mix(mix(mix(mix(seed) ^ a) ^ b) ^ c)


def hash_ids(tokenizer, texts):
    flat = array.array("i")
    for start in range(0, len(texts), 256):
        for e in tokenizer.encode_batch(texts[start:start + 256]):
            flat.extend(e.ids)
            flat.append(-1)
    return f"{tern_hash(flat.tobytes()):016x}"


def rows(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def corpus_texts(folder):
    """Titles, texts and "title text" of the documents, then the queries, in the files' order."""
    out = []
    for row in rows(os.path.join(folder, "corpus.jsonl")):
        out += [row["title"], row["text"], row["title"] + " " + row["text"]]
    return out + [row["text"] for row in rows(os.path.join(folder, "queries.jsonl"))]


# Marks and letters that meet in every order: those that NFD takes apart, reorders, and that strip_accents drops or
# keeps. The C test draws the same ones.
MIXED = [0x61, 0xE9, 0x1E69, 0x1D160, 0x1D165, 0x1D16D, 0x1D16E, 0x302E, 0x302F, 0x300, 0x323, 0x34F, 0x1B44, 0x8D4,
         0x1E000, 0x1E94A, 0x11442, 0x11446, 0xAC01, 0xF900, 0x130, 0x3A3, 0x212B, 0x345, 0x1F82, 0x344, 0x20, 0x41,
         0x5B0, 0x591, 0x1DFA, 0x11938]


def mixed_texts(n):
    for i in range(n):
        length = tern_random(1, i, 0, 0) % 12
        yield "".join(chr(MIXED[tern_random(1, i, 1, j) % len(MIXED)]) for j in range(length))


def normal_hashes():
    """One hash for each of the 16 settings of the normaliser, bits: clean_text, chinese, strip_accents, lowercase."""
    out = []
    mixed = list(mixed_texts(20000))
    for clean, chinese, strip, lower in itertools.product([False, True], repeat=4):
        n = normalizers.BertNormalizer(clean_text=clean, handle_chinese_chars=chinese, strip_accents=strip,
                                       lowercase=lower).normalize_str
        text = "\n".join(itertools.chain((n("a" + chr(c) + "b") for c in POINTS), (n(t) for t in mixed))) + "\n"
        out.append(f"{tern_hash(text.encode()):016x}")
    return out


def hostile_texts():
    r = random.Random(3)
    out = ["", " ", "\t", "\n", "\r\n", "\0", "\0\0\0", "a\0b", "\u200b", "\ufeff", "\ufeffhello", "\ufffd", "a\ufffdb",
           "\u0085", "a\u0085b", "a\x0bb", "a\x0cb", "a\x1cb", "a\xa0b", "a\u3000b", "a\u2028b\u2029c", "a\u1680b",
           "\xad", "soft\xadhyphen", "zero\u200bwidth\u200cnon\u200djoiner\u2060word", "\u202eright to left\u202c",
           "\u2066isolate\u2069", "\U000e0041tag\U000e007f", "\ue000private\uf8ff", "\U000f0000\U0010fffd",
           "\U0010ffff", "\uffff", "\ufdd0", "a" * 100, "a" * 101, "a" * 99, "a" * 10000, "é" * 100, "é" * 101,
           "\u00e9\u0301" * 60, "x" * 9999 + " y", "ab" * 5000, "\u0301" * 10000, "a" + "\u0301\u0323" * 5000,
           "\U0001d16d\u302e\U0001d165" * 300, "漢" * 300, "!" * 1000, "#" * 10, "##ing", "## ing", "##", "#", "un##able",
           "[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "[unused1]", "[cls]", "[ CLS ]", "a[SEP]b", "[SEP][SEP]",
           "[[SEP]]", "[SE", "[SEP", "SEP]", "[MASK]ed", "un[MASK]", "\u200b[SEP]\u200b", "[S\u200bEP]", "[SEP]\u0301",
           "e[SEP]\u0301", "＜ＳＥＰ＞", "hello[PAD][PAD]world[CLS]", "İstanbul", "ISTANBUL", "ıstanbul", "ΑΣ ΣΑΣ ΟΔΟΣ",
           "ß ẞ", "ǅ ǆ Ǆ", "ﬁ ﬂ ﬃ", "K Å Ω", "Ａｌｐｈａ", "①②③", "½ ⅓", "x² + y³", "Ⅷ ⅷ", "ᾂ ᾳ ΐ ΰ", "ŉ", "Ḍ̇ ḍ̇ q̣̇ q̣̇",
           "가각힣", "한국어 문장", "각", "中文字符", "日本語テキスト", "ｶﾀｶﾅ", "豈更車", "㐀䶵", "𠀀𪛖", "𪜀𫜴", "𫝀𫠝",
           "𫠠𬺡", "𬺰", "𰀀", "你好，世界！", "中a文b", "العربية", "مُحَمَّد", "ﷺ", "لا إله إلا الله", "עברית",
           "שָׁלוֹם", "हिन्दी", "क्षत्रिय", "ไทย", "தமிழ்", "မြန်မာ", "ខ្មែរ", "བོད་", "ქართული ᲥᲐᲠᲗᲣᲚᲘ", "Ꭰꭰ Ꮳꮳ", "Հայերեն",
           "ελληνικά Ελλάδα", "Русский Ёлка ёлка", "Українська ЇЇ", "Việt Nam Tiếng", "čeština", "ÀÉÎÕÜ", "ñ ñ", "Å Å",
           "😀", "😀😀", "a😀b", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪🇫🇷", "1️⃣", "❤️", "☺︎", "🫠🪿", "©®™", "…—–‘’“”„«»", "‹›", "¡¿",
           "§¶†‡", "°′″", "±×÷", "€£¥₿", "→⇒↔", "∀∃∈", "≠≤≥", "♠♥", "─│", "█▓", "ª º", "№", "⁇⁈", "､｡", "〈〉《》", "・", "〜",
           "٪؟،", "।॥", "།", "።፣", "᠀", "‐‑‒", "⸺", "﹏", "＿", "‿", "_", "__init__", "a_b", "C++ C# .NET", "don't", "it’s",
           "e-mail@example.com", "https://example.com/a?b=c&d=%20#x", "3.14159", "1,000,000", "$5.00", "100%", "a.b.c",
           "..", "...", "?!?!", "a\\b", "`code`", "{json: [1, 2]}", "<html>&amp;</html>", "~^|", "Zalgo: H̸̡̪̯ͨ͊̽̅̾̎Ȩ̬̩̾͛ͪ̈́̀́͘ ̶̧̨̱̹̭̯ͧ̾ͬC̷̙̲̝͖ͭ̏ͥͮ͟Oͮ͏̮̪̝͍M̲̖͊̒ͪͩͬ̚̚͜Ȇ̴̟̟͙̞ͩ͌͝S̨̥̫͎̭ͯ̿̔̀ͅ",
           "\u0301", "\u0301a", " \u0301", "a\u0301\u0301\u0301", "\u0344", "\u0340\u0341", "\u034f", "a\u20dd", "\u0488",
           "\u302a\u302e", "\ufe0f", "\U000e0100", "\u180e", "\u061c", "\u0600", "\u08e2", "\u070f", "\U000110bd",
           "\U0001bca0", "\u0378", "\U0001fae8", "\u1c89", "\U00010d50", "\u0530", "\u10ff", "Straße", "MASSE",
           "\u1e9e", "naïve café résumé", "coöperate", "Ångström", "æ Æ œ Œ ø Ø đ Đ ł Ł", "ĳ Ĳ", "Ɐ Ɑ Ɒ", "Ⱥ Ⱦ", "ⱥⱦ"]
    pools = [
        list(range(0x20, 0x7f)),
        list(range(0x20)) + list(range(0x7f, 0xa0)),
        list(range(0x300, 0x370)) + [0x61, 0x65, 0xe9, 0x20],
        list(range(0xc0, 0x250)),
        list(range(0x370, 0x530)),
        list(range(0x590, 0x700)),
        list(range(0x900, 0xe00)),
        list(range(0x1e00, 0x2000)),
        list(range(0x2000, 0x2070)) + [0x61, 0x62],
        list(range(0x2010, 0x2060)) + list(range(0x3000, 0x3040)) + [0x61],
        list(range(0x3040, 0x3100)) + list(range(0x4e00, 0x4e80)),
        list(range(0xac00, 0xac80)) + list(range(0x1100, 0x1200)),
        list(range(0xf900, 0xfb50)),
        list(range(0xfe00, 0xfff0)),
        list(range(0x1f300, 0x1f700)) + [0x200d, 0xfe0f, 0x20],
        list(range(0x1d100, 0x1d200)),
        MIXED,
        POINTS,
    ]
    for i in range(360):
        pool = pools[i % len(pools)]
        out.append("".join(chr(r.choice(pool)) for _ in range(r.randrange(1, 40))))
    words = ["hello", "[SEP]", "unaffable", "##s", "Ünïcödé", "\u200b", "中", "\t", "transformers", "xqzj", "😀", "[MASK]"]
    for i in range(40):
        out.append("".join(r.choice(words) + r.choice(["", " ", "  ", "\u3000"]) for _ in range(r.randrange(1, 12))))
    return out


def base_tokenizer():
    """A tokenizer.json with a vocabulary of a few words, the special tokens at odd places, and every character."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEéèñçüß0123456789.,!?#@[]-中文한α"
    tokens = ["[PAD]", "hello", "[UNK]", "world", "[CLS]", "new", "york", "[SEP]", "[MASK]", "Hello", "un", "##aff", "##able",
              "@@aff", "@@able", "aff", "able", "e\u0301", "##lo", "hel", "New", "York", "\u0301", "##\u0301", "a\u200b"]
    tokens += [c for c in letters] + ["##" + c for c in letters] + ["@@" + c for c in letters]
    vocab = {t: i for i, t in enumerate(tokens)}
    special = [dict(id=vocab[t], content=t, single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
               for t in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")]
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
                       "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                       {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {t: {"id": t, "ids": [vocab[t]], "tokens": [t]} for t in ("[CLS]", "[SEP]")}},
        "decoder": None,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": vocab},
    }


def variants():
    def changed(**paths):
        t = base_tokenizer()
        for path, value in paths.items():
            at, *rest = path.split("__")
            if rest:
                t[at][rest[0]] = value
            else:
                t[at] = value
        return t

    def with_added(*added, **paths):
        t = changed(**paths)
        n = len(t["model"]["vocab"])
        for content, flags in added:
            known = t["model"]["vocab"].get(content)
            t["added_tokens"].append(dict(dict(id=n if known is None else known, content=content, single_word=False,
                                               lstrip=False, rstrip=False, normalized=False, special=False), **flags))
            n += known is None
        return t

    vocab = base_tokenizer()["model"]["vocab"]
    yield "plain", changed()
    yield "cased", changed(normalizer__lowercase=False)
    yield "cased, strips accents", changed(normalizer__lowercase=False, normalizer__strip_accents=True)
    yield "uncased, keeps accents", changed(normalizer__strip_accents=False)
    yield "does not clean", changed(normalizer__clean_text=False)
    yield "no spaces around ideographs", changed(normalizer__handle_chinese_chars=False)
    yield "short words", changed(model__max_input_chars_per_word=5)
    yield "another prefix", changed(model__continuing_subword_prefix="@@")
    yield "no prefix", changed(model__continuing_subword_prefix="")
    yield "another unknown", changed(model__unk_token="[MASK]")
    yield "BertProcessing", changed(post_processor={"type": "BertProcessing", "sep": ["[SEP]", vocab["[SEP]"]],
                                                    "cls": ["[CLS]", vocab["[CLS]"]]})
    yield "no special tokens", changed(post_processor=None)
    longer = base_tokenizer()["post_processor"]
    longer["single"] = [longer["single"][0], longer["single"][2], longer["single"][1], longer["single"][2]]
    longer["special_tokens"]["[SEP]"]["ids"] = [vocab["[SEP]"], vocab["[PAD]"]]
    longer["special_tokens"]["[SEP]"]["tokens"] = ["[SEP]", "[PAD]"]
    yield "longer frame", changed(post_processor=longer)
    yield "added tokens", with_added(("<q>", {}), ("<q>x", {}), ("lo w", {}), ("中", {"special": True}))
    yield "normalised added tokens", with_added(("New York", {"normalized": True}), ("É!", {"normalized": True}))
    yield "added tokens that take spaces", with_added(("<l>", {"lstrip": True}), ("<r>", {"rstrip": True}),
                                                      ("<b>", {"lstrip": True, "rstrip": True}),
                                                      ("hey", {"lstrip": True, "rstrip": True, "normalized": True}))


VARIANT_TEXTS = [
    "", "hello", "Hello World", "hello,world!", "unaffable", "UNAFFABLE", "unaffablez", "é É e\u0301 E\u0301", "\u0301",
    "a\u200bb", "a\u0000b", "a\u0085b\u000bc", "中文a中", "한글 한", "豈", "<q>hello<q>x<q>", "<q><q>x", "hello world lo w",
    "new york New York NEW YORK", "new  york", "é!É!e\u0301!", "a <l> b", "a<l>b", "a \t\u3000<l>\u3000 b", "a <r> b", "a<r>  ",
    "  <b>  ", " <b> <b> ", "<l> <r> <b>", " hey HEY hey", "aheyb", "abcdef abcde", "hello [SEP] world[MASK]", "[sep]",
    "aff able", "##able @@able", "a" * 100, "a" * 101, "αβ", "#", "hel lo hello hellolo", "ß SS", "ÀÈ", "\u00a0", "?\u037e",
]


def variant_rows():
    for name, settings in variants():
        tokenizer = tokenizers.Tokenizer.from_str(json.dumps(settings))
        row = {"name": name, "tokenizer": settings, "cases": []}
        for text in VARIANT_TEXTS:
            row["cases"].append({"text": text, "ids": tokenizer.encode(text).ids})
        for length in (5, 6, 9):
            tokenizer.enable_truncation(length)
            for text in ("hello world unaffable", "abcdef new york hello", "[SEP] hello [SEP]", "a", ""):
                row["cases"].append({"text": text, "max_length": length, "ids": tokenizer.encode(text).ids})
            tokenizer.no_truncation()
        yield row


def write(name, text):
    with open(os.path.join(HERE, name), "w", encoding="ascii") as file:
        file.write(text)


def main(data):
    tokenizer = tokenizers.Tokenizer.from_file(os.path.join(data, "tokenizer-bert-uncased", "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    hashes = {name: hash_ids(tokenizer, corpus_texts(os.path.join(data, name))) for name in ("scifact", "nfcorpus")}
    hashes["all_code_points"] = hash_ids(tokenizer, ["a" + chr(c) + "b" for c in POINTS])
    hashes["normal_forms"] = normal_hashes()
    write("tokenizer.json", json.dumps({"made_with": "tokenizers " + tokenizers.__version__, **hashes}, indent=1) + "\n")
    texts = hostile_texts()
    assert len(texts) >= 500
    write("tokenizer_hostile.jsonl",
          "".join(json.dumps({"text": t, "ids": tokenizer.encode(t).ids}) + "\n" for t in texts))
    write("tokenizer_variants.jsonl", "".join(json.dumps(row) + "\n" for row in variant_rows()))
    print(len(texts), "hostile texts")


if __name__ == "__main__":
    main(sys.argv[1])
