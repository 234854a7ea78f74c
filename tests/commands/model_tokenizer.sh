# shellcheck shell=bash
# tokenizer_config.json that disagrees with tokenizer.json: transformers' choice is followed, and said under --quiet; an
# export holds files that agree, and the same vectors.
printf 'The QUICK Café dog\na b c d e f g h i j k l m n o p q r s t u v w x y z\n' >texts.txt
cp -r "$SOURCE/tests/goldens/tiny" odd
expect 0 "$TERN" tokenize odd texts.txt --quiet
[ ! -s err ] || fail "files that agree are warned of: $(cat err)"
cp out plain.ids

sed -i 's/"do_lower_case": true/"do_lower_case": false, "truncation_side": "left"/' odd/tokenizer_config.json
expect 0 "$TERN" tokenize odd texts.txt --quiet
expect_line err "tern: warning: odd/tokenizer_config.json: do_lower_case is false, but tokenizer.json has lowercase true"
expect_line err "truncation_side is left"
[ "$(wc -l <err)" -eq 2 ] || fail "not two warnings: $(cat err)"
cmp -s out plain.ids && fail "do_lower_case is passed over"
expect 0 "$TERN" tokenize odd texts.txt --quiet --max-length 5
expect_line out "[2, 28, 29, 30, 3]"

expect 0 "$TERN" encode odd texts.txt --output odd.npy --quiet
expect 0 "$TERN" export odd served --quiet
expect_line err "do_lower_case"
expect_silence "$TERN" encode served texts.txt --output served.npy --quiet
cmp odd.npy served.npy || fail "the export has other vectors"
grep -q '"lowercase": false' served/tokenizer.json || fail "the export's tokenizer.json lower-cases"
grep -q '"direction": "Left"' served/tokenizer.json || fail "the export's tokenizer.json cuts from the right"
grep -q '"do_lower_case": false' served/tokenizer_config.json || fail "the export's tokenizer_config.json lower-cases"

# Its length is one in all files.
sed -i 's/"transformer_task"/"max_seq_length": 12, "transformer_task"/' odd/sentence_bert_config.json
expect 0 "$TERN" export odd served --quiet --force
grep -q '"model_max_length": 12' served/tokenizer_config.json || fail "another model_max_length than max_seq_length"
grep -q '"max_length": 12' served/tokenizer.json || fail "another max_length than max_seq_length"

sed -i 's/"BertTokenizer"/"BertJapaneseTokenizer"/' odd/tokenizer_config.json
expect_sentence 1 "$TERN" encode odd texts.txt --output x.npy
expect_line err "odd/tokenizer_config.json: the tokenizer_class BertJapaneseTokenizer is not one that tern reads"
