# Where texts are read one a line, tables are refused with the command that makes lines of a column, and that works.
printf 'question,answer\n"How, then?","two\nlines"\n"So ""said""",b\n' >faq.csv
cp faq.csv UP.CSV
printf 'question\tanswer\n"He said\tone\nit "\ttwo\n' >faq.tsv
printf '{"q": "How?", "n": 1}\n{"q": "So", "n": 2}\n' >rows.jsonl
cp rows.jsonl rows.ndjson
printf '[{"q": "How?"}]\n' >rows.json
cp rows.jsonl rows.txt
model=$SOURCE/tests/goldens/tiny

# refuses FILE WORDS: encode, search and tokenize all do.
refuses()
{
    expect_sentence 1 "$TERN" encode "$model" "$1" --output -
    expect_line err "$2"
    expect_sentence 1 "$TERN" encode "$model" "$1" --output x.npy
    [ ! -e x.npy ] || fail "an output of $1"
    expect_sentence 1 "$TERN" search "$model" "$1" --query how
    expect_line err "$2"
    expect_sentence 1 "$TERN" tokenize "$model" "$1"
    expect_line err "$2"
}

refuses faq.csv "faq.csv: it is CSV with the columns question, answer, and texts are read one a line here"
refuses UP.CSV "tern data column UP.CSV question >UP-question.txt"
refuses faq.tsv "faq.tsv: it is TSV with the columns question, answer"
refuses rows.jsonl "rows.jsonl: it is JSONL with the columns q, n, and"
refuses rows.ndjson "tern data column rows.ndjson q >rows-q.txt"
refuses rows.json "rows.json:1: all rows are in one JSON array; one object a line is expected: jq -c '.[]' rows.json"
refuses rows.txt "rows.txt:1: the line is a JSON object"
printf 'PAR1\025\004' >faq.parquet
refuses faq.parquet "faq.parquet: it is a Parquet file"
cp faq.parquet faq.txt
refuses faq.txt "faq.txt: it is a Parquet file"
gzip -c faq.csv >faq.csv.gz
refuses faq.csv.gz "gzip -dc <faq.csv.gz >faq.csv"
echo text >fake.xlsx
refuses fake.xlsx "its name ends in .xlsx, but its content is something else"
printf 'a;b\n1;2\n' >semi.csv
refuses semi.csv "its columns are separated by semicolons"
mkfifo pipe
cat rows.jsonl >pipe &
expect_sentence 1 "$TERN" encode "$model" pipe --output -
expect_line err "pipe:1: the line is a JSON object"
wait
ln -s faq.csv link.txt
refuses link.txt "faq.csv: it is CSV with the columns question, answer"
expect_sentence 1 "$TERN" tokenize "$model" /dev/stdin <rows.jsonl
expect_line err "rows.jsonl: it is JSONL with the columns q, n"

# The commands that are said work for the file.
expect 0 "$TERN" data column faq.csv answer
printf 'two lines\nb\n' | cmp - out
expect_line err "warning: faq.csv: line breaks are written as spaces in 1 of 2 texts"
expect_sentence 1 "$TERN" encode "$model" UP.CSV --output -
(PATH=$(dirname "$TERN"):$PATH && eval "$(sed 's/.*first: //' err)")
printf 'How, then?\nSo "said"\n' | cmp - UP-question.txt
expect 0 "$TERN" encode "$model" UP-question.txt --output x.npy
expect 0 "$TERN" data column faq.tsv question
printf '"He said\nit "\n' | cmp - out
expect 0 "$TERN" data column rows.jsonl n
printf '1\n2\n' | cmp - out
gzip -dc <faq.csv.gz | cmp - faq.csv

printf 'a,b\nx,\n,y\n' >holes.csv
expect 0 "$TERN" data column holes.csv a --quiet
printf 'x\n\n' | cmp - out
expect_line err 'holes.csv: "a" is empty in 1 of 2 rows, which are empty lines'
expect_sentence 1 "$TERN" data column faq.csv qestion
expect_line err 'there is no column "qestion"; did you mean "question"?'
expect_sentence 1 "$TERN" data column faq.csv nothing
expect_line err 'its columns are question, answer'
expect_sentence 2 "$TERN" data column faq.csv

# Queries too; and rows of JSONL that have no "text".
printf 'one\ntwo\n' >texts.txt
expect_sentence 1 "$TERN" search "$model" texts.txt <faq.csv
expect_line err "faq.csv: it is CSV with the columns question, answer"
expect_sentence 1 "$TERN" search "$model" texts.txt --query '{"q": "how"}'
expect_line err "a query is a JSON object; give the text alone"
printf '{"text": "a"}\n' >good.NDJSON
expect 0 "$TERN" search "$model" good.NDJSON --query a
printf 'a { b }\n{not json}\n' >braces.txt
expect 0 "$TERN" encode "$model" braces.txt --output braces.npy
