# shellcheck shell=bash
# A folder that names a model with a head and lists no modules: what it probably is, and that the mean is taken, stays
# under --quiet and is in the JSON of every command that has one.
cp -r "$SOURCE/tests/goldens/tiny" plain
rm plain/modules.json
printf 'a text\nanother one\n' >texts.txt
printf '{"anchor": "a", "positive": "b", "negative": "c"}\n{"anchor": "d", "positive": "b", "negative": "a"}\n' >rows.jsonl

# A plain BERT is what many embedding models are; info says what is assumed.
expect_silence "$TERN" encode plain texts.txt --output x.npy --quiet
expect 0 "$TERN" info plain
expect_line out "mean pooling, since there is no modules.json"
[ ! -s err ] || fail "a plain BERT is warned of: $(cat err)"

# headed ARCHITECTURE TEXT
headed()
{
    rm -rf headed
    cp -r plain headed
    sed -i "s/\"BertModel\"/\"$1\"/" headed/config.json
    expect 0 "$TERN" encode headed texts.txt --output y.npy --quiet --force
    expect_line err "tern: warning: headed/config.json: it says $1"
    expect_line err "$2"
    expect_line err "mean pooling"
    [ "$(wc -l <err)" -eq 1 ] || fail "more than one warning: $(cat err)"
    cmp x.npy y.npy || fail "$1: other vectors"
}
headed BertForMaskedLM "fill in masked words"
headed BertForPreTraining "fill in masked words"
headed BertLMHeadModel "predict words"
headed BertForQuestionAnswering "finds answers"
headed BertForTokenClassification "a tagger of words"
headed BertForCosineTricks "a head of its own"
headed BertForSequenceClassification "a classifier or a cross-encoder (reranker)"
expect 0 "$TERN" info headed --json
expect_line out '"warnings":["headed/config.json: it says BertForSequenceClassification'
expect 0 "$TERN" info headed
expect_line err "cross-encoder"
expect 0 "$TERN" eval headed rows.jsonl --json --quiet
expect_line out '"warnings": ["headed/config.json: it says'
expect 0 "$TERN" export headed served --json
expect_line out '"warnings": ["headed/config.json: it says'
expect 0 "$TERN" search headed texts.txt --query "a text" --quiet
expect_line err "cross-encoder"

# What tern writes has its modules, so nothing is left to say.
expect 0 "$TERN" eval served rows.jsonl --json --quiet
grep -q warnings out && fail "an export is warned of: $(cat out)"
[ ! -s err ] || fail "an export is warned of: $(cat err)"

# In training the base and a teacher are both named, counted and kept with the result.
printf '{"anchor": "a", "positive": "b"}\n{"anchor": "d", "positive": "c"}\n' >pairs.jsonl
cp -r headed teacher
sed -i 's/SequenceClassification/MaskedLM/' teacher/config.json
cat >run.yaml <<'YAML'
model: headed
data: {train: {file: pairs.jsonl}}
loss: {name: embedding_mse, teacher: teacher}
train: {batch_size: 2, max_steps: 1}
output: {dir: run}
YAML
expect 0 "$TERN" train run.yaml --quiet
expect_line err "/headed/config.json: it says BertForSequenceClassification"
expect_line err "/teacher/config.json: it says BertForMaskedLM"
[ "$(wc -l <err)" -eq 2 ] || fail "not two warnings: $(cat err)"
expect_line out "2 warnings, listed in result.json"
grep -qE '"warnings":\["[^"]*headed/config.json: it says [^"]*","[^"]*teacher/' run/result.json || fail "result.json lacks them: $(cat run/result.json)"
