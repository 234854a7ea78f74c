# tern data check of files: all faults at once, what isn't used, labels with counts, and which way quotes were read.
printf 'anchor,positive,neg\na,b,c\n,e,f\ng,,\n' >bad.csv
expect 1 "$TERN" data check bad.csv --quiet
[ ! -s out ] || fail "counts of a file with faults"
expect_line err "tern: bad.csv:3: \"anchor\" is empty"
expect_line err "tern: bad.csv:4: \"positive\" is empty"
expect_line err "tern: bad.csv: 2 faults in 3 rows"
expect_line err "tern: warning: bad.csv: 1 column is not used: neg (in 2 rows); neg looks like a negative: name it with --negative neg"
expect 1 "$TERN" data check bad.csv --json
python3 -c 'import json; x = json.load(open("out")); print(x["n_faults"], len(x["faults"]), x["rows"])' >counts
[ "$(cat counts)" = "2 2 3" ] || fail "JSON: $(cat out)"
expect_line out '"unused":[{"name":"neg","rows":2,"looks_like":"negative"}]'
{ echo anchor,positive && seq -f 'a%g,' 50; } >many.csv
expect 1 "$TERN" data check many.csv
[ "$(grep -c 'is empty' err)" -eq 20 ] || fail "not 20 faults in full"
expect_line err "many.csv: 50 faults in 50 rows, of which the first 20 are shown"

printf 'anchor,positive\ncaf\351,b\nc,\nd,\351\351\n' >latin.csv
expect 1 "$TERN" data check latin.csv
expect_line err "latin.csv:2: invalid UTF-8 (byte 0xE9)"
expect_line err "latin.csv:4: invalid UTF-8 (byte 0xE9)"
expect_line err 'latin.csv:3: "positive" is empty'
expect_line err "latin.csv: 3 faults in 3 rows"

printf 'text,label\na,sun\nb, sun \nc,shade\n' >labels.csv
expect 0 "$TERN" data check labels.csv --anchor text
grep -qE '^labels +2$' out
grep -qE '^  label +2 rows:  sun$' out
grep -qE '^  label +1 row:   shade$' out
expect 0 "$TERN" data check labels.csv --anchor text --json
expect_line out '"labels":[{"label":"sun","rows":2},{"label":"shade","rows":1}]'
grep -q '"warnings"' out && fail "warnings where there are none"
printf 'text,label\na,\nb,x\n' >empty-label.csv
expect_sentence 1 "$TERN" data check empty-label.csv --anchor text
expect_line err 'empty-label.csv:2: "label" is empty'

printf 'a\tb\n"He said\tone\nrow two\ttwo\nthe end"\tthree\n' >quotes.tsv
expect 0 "$TERN" data check quotes.tsv --anchor a --positive b
grep -qE '^rows +3$' out
grep -qE '^quotes +characters of the texts$' out
printf 'a\tb\n"one"\ttwo\n' >quoted.tsv
expect 0 "$TERN" data check quoted.tsv --anchor a --positive b --json
expect_line out '"quotes":"around fields"'

printf 'anchor,positive\na,NaN\nb,c\n' >nan.csv
expect 0 "$TERN" data check nan.csv --json --quiet
expect_line err 'tern: warning: nan.csv: "positive" reads like a missing value in 1 of 2 rows ("NaN" in line 2)'
expect_line out '{"name":"positive","role":"positive","missing_values":1}'
expect_line out '"warnings":["nan.csv: '
printf 'anchor,positive\na,\302\240 \nb,\342\200\213\n' >blank.csv
expect 1 "$TERN" data check blank.csv
expect_line err "blank.csv: 2 faults in 2 rows"

printf '{"anchor": "caf\\u00e9", "positive": "lone \\ud83d"}\n' >surrogate.jsonl
expect_sentence 1 "$TERN" data check surrogate.jsonl
expect_line err '\ud83d is half a surrogate pair'
expect 0 "$TERN" data check surrogate.jsonl --invalid-utf8 replace
# FlagEmbedding's form, and the same lists under names of one's own; rows may differ where negatives are drawn.
printf '{"query": "a", "pos": ["b", "c"], "neg": ["d"], "prompt": "x"}\n' >flag.jsonl
expect 0 "$TERN" data check flag.jsonl
expect_line out 'roles               anchor, positive, 1 negative'
expect_line out 'columns             query (anchor), pos (positive), neg (negative)'
expect_line err 'flag.jsonl: 1 column is not used: prompt'
expect 0 "$TERN" data check flag.jsonl --anchor query --positive pos --negative neg
expect_line out 'rows                     2'
printf '{"query": "e", "pos": ["f"], "neg": ["d", "g", "h"]}\n{"query": "i", "pos": ["j"], "neg": []}\n' >>flag.jsonl
expect 0 "$TERN" data check flag.jsonl
expect_line out 'roles               anchor, positive, 0 to 3 negatives'
expect 0 "$TERN" data check flag.jsonl --json
expect_line out '"negatives_per_row":[0,3]'
printf '{"query": "a", "pos": ["b", 7]}\n' >seven.jsonl
expect_sentence 1 "$TERN" data check seven.jsonl
expect_line err 'seven.jsonl:1: "pos" holds a number where a text is expected'

printf 'Question,Answer\na,b\n' >case.csv
expect_sentence 1 "$TERN" data check case.csv --anchor question
expect_line err 'there is no column "question"; did you mean "Question"?'
printf 'ANCHOR,POSITIVE\na,b\n' >upper.csv
expect_sentence 1 "$TERN" data check upper.csv
expect_line err 'did you mean "ANCHOR"?'
printf 'How do I re-pot a fern?,In spring\nWhat feeds an orchid?,Weak fertiliser\n' >none.csv
expect_sentence 1 "$TERN" data check none.csv
expect_line err 'none.csv:1: the first line holds texts ("How do I re-pot a fern?")'
printf 'anchor,positive,score\na,b,"1,5"\n' >comma.csv
expect_sentence 1 "$TERN" data check comma.csv
expect_line err 'is "1,5" where a number is expected; write the decimal comma as a point'
printf 'anchor,positive\rHow?,So\r' >cr.csv
expect_sentence 1 "$TERN" data check cr.csv
expect_line err "its lines end with CR alone"
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n' >lfs.csv
expect_sentence 1 "$TERN" data check lfs.csv
expect_line err "a Git LFS pointer and not the data themselves; fetch them with git lfs pull"
printf 'anchor;positive\na;"b, c"\n' >semi.csv
expect_sentence 1 "$TERN" data check semi.csv
if command -v python3 >/dev/null; then
    eval "$(sed 's/.*run: //' err)"
    expect 0 "$TERN" data check new-semi.csv
    grep -qE '^rows +1$' out
fi
