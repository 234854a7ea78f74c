"""Writes data/unicode_tables.c: what the Hugging Face tokenizers package holds of Unicode, as ranges.

    python tests/goldens/make_unicode_tables.py > data/unicode_tables.c

Nothing is taken from the Unicode database: every code point goes through the package's BertNormalizer, NFD and
BertPreTokenizer, and the tables are what came out (its parts use Unicode versions from 8 to 17, so no version of a
Unicode library gives the same answers). Canonical combining classes are read from how NFD orders pairs of marks.
Made with tokenizers 0.23.3.
"""

import tokenizers
import unicodedata
from tokenizers import normalizers, pre_tokenizers

POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def bert(**on):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**off, **on}).normalize_str


clean, chinese = bert(clean_text=True), bert(handle_chinese_chars=True)
strip, lower = bert(strip_accents=True), bert(lowercase=True)
nfd = normalizers.NFD().normalize_str
split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str


def ranges(points):
    """[first, last] of runs of consecutive code points."""
    out = []
    for c in points:
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def combining_classes():
    """{code point: class} of all whose class is not 0, by NFD's order against one known mark of each class."""
    low, high, old = "\u0334", "\u0345", unicodedata.ucd_3_2_0

    def moves(s):
        return nfd(s) == s and (nfd(high + s) == s + high or nfd(s + low) == low + s)

    known = {}
    for database in (unicodedata, old):  # marks whose class is the same since Unicode 3.2, where there is one
        for c in POINTS:
            k = database.combining(chr(c))
            if k and k == unicodedata.combining(chr(c)) and moves(chr(c)):
                known[k] = chr(c)
    out = {}
    for c in POINTS:
        s = chr(c)
        if not moves(s):
            continue
        if s in known.values():
            out[c] = next(k for k in known if known[k] == s)
            continue
        same = [k for k, r in known.items() if nfd(s + r) == s + r and nfd(r + s) == r + s]
        assert len(same) == 1, (hex(c), same)
        out[c] = same[0]
    return out


def lower_rules():
    """[first, last, step, delta]: every step-th code point from first to last goes to itself + delta."""
    out = []
    for c in POINTS:
        s = lower(chr(c))
        if s == chr(c):
            continue
        if c == 0x130:
            assert s == "i\u0307"  # the only one that becomes two; unicode.c knows it
            continue
        assert len(s) == 1, hex(c)
        delta, last = ord(s) - c, out[-1] if out else None
        if last and last[3] == delta and c - last[1] <= 2 and last[2] in (0, c - last[1]):
            last[1], last[2] = c, c - last[1]
        else:
            out.append([c, c, 0, delta])
    return [[a, b, step or 1, d] for a, b, step, d in out]


def table(kind, name, comment, rows):
    print(f"\n/* {comment} */\nconst {kind} {name}[] = {{")
    line = "   "
    for row in rows:
        first, last, *rest = row
        cell = " {" + ", ".join([f"0x{first:X}", f"0x{last:X}"] + [str(x) for x in rest]) + "},"
        if len(line) + len(cell) > 118:
            print(line)
            line = "   "
        line += cell
    print(line)
    print(f"}};\nconst size_t {name}_n = sizeof {name} / sizeof *{name};")


def main():
    cleaned = {c: clean(chr(c)) for c in POINTS}
    words = {c: [w for w, _ in split("a" + chr(c) + "a")] for c in POINTS}
    decomposes = [c for c in POINTS if nfd(chr(c)) != chr(c)]
    whole = [c for c in POINTS if nfd(chr(c)) == chr(c)]
    spaces = [c for c in POINTS if words[c] == ["a", "a"]]
    assert all(cleaned[c] == ("" if cleaned[c] == "" else " " if c in spaces else chr(c)) for c in POINTS)
    classes = combining_classes()
    runs = []
    for c in sorted(classes):
        if runs and runs[-1][1] == c - 1 and runs[-1][2] == classes[c]:
            runs[-1][1] = c
        else:
            runs.append([c, c, classes[c]])

    print("/* Made by tests/goldens/make_unicode_tables.py from the behaviour of Hugging Face tokenizers "
          f"{tokenizers.__version__};\n * do not edit. */\n/* clang-format off */")
    print('#include "data/unicode.h"')
    kind = "tern_unicode_range"
    table(kind, "tern_unicode_controls", "Dropped by clean_text: Cc but tab, LF and CR, Cf, Co, U+FFFD.",
          ranges([c for c in POINTS if cleaned[c] == ""]))
    table(kind, "tern_unicode_spaces", "White space: words end here; clean_text makes a space of it.", ranges(spaces))
    table(kind, "tern_unicode_ideographs", "Put between spaces by handle_chinese_chars.",
          ranges([c for c in POINTS if chinese(chr(c)) != chr(c)]))
    table(kind, "tern_unicode_punctuation", "A word of its own each.",
          ranges([c for c in POINTS if words[c] == ["a", chr(c), "a"]]))
    table(kind, "tern_unicode_marks", "Nonspacing marks: dropped by strip_accents after NFD.",
          ranges([c for c in whole if strip(chr(c)) == ""]))
    table(kind, "tern_unicode_decomposing", "Those that NFD takes apart; into what, utf8proc knows.", ranges(decomposes))
    table("tern_unicode_class", "tern_unicode_classes", "Canonical combining classes other than 0.", runs)
    table("tern_unicode_rule", "tern_unicode_lower", "Lower case: {first, last, step, what is added}.", lower_rules())


if __name__ == "__main__":
    main()
