# shellcheck shell=bash
# A run goes on only with what it began with; what has changed since is named, and with the old input back it ends with the
# same bits.
source "$SOURCE/tests/commands/train_toy.bash"
make_toy

# Three small models: a base, a teacher and a guide; and another one of each form.
small=(--set train.max_steps=4 --no-eval --quiet)
expect 0 "$TERN" train toy.yaml "${small[@]}" --set output.dir=first
expect 0 "$TERN" train toy.yaml "${small[@]}" --set output.dir=second --set train.seed=7
for name in b t g; do
    cp -r first/model "$name"
done
toy_columns texts <train.jsonl >texts.jsonl
cat >run.yaml <<'YAML'
model: b
data:
  train:
    - {file: train.jsonl, loss: {name: guided, guide: g}}
    - {file: texts.jsonl, loss: {name: embedding_mse, teacher: t}}
  dev: {file: dev.jsonl}
  test: {file: test.jsonl}
train: {batch_size: 16, max_steps: 12, learning_rate: 5.0e-3}
output: {dir: run, checkpoint_every: 4}
YAML
expect 0 "$TERN" train run.yaml --set output.dir=whole --quiet
wanted=$(weights_of whole)
TERN_FAULT=model:1 expect 137 "$TERN" train run.yaml --quiet

# refuse FILE WORDS: the file as it is now is refused in a sentence with the words, and put back.
refuse()
{
    expect_sentence 1 "$TERN" train run.yaml --quiet
    expect_line err "tern: run: $2; give back what it began with, choose another output.dir, or --force to start anew"
    cp "$1.kept" "$1"
}

# changed FILE WORDS: with another line at its end.
changed()
{
    cp "$1" "$1.kept"
    echo >>"$1"
    refuse "$@"
}

# replaced FILE BY WORDS
replaced()
{
    cp "$1" "$1.kept"
    cp "$2" "$1"
    refuse "$1" "$3"
}

since="changed since this run began"
weights=second/model/model.safetensors
replaced b/model.safetensors $weights "the base model $since ($WORK/b: weights)"
replaced t/model.safetensors $weights "the teacher $since ($WORK/t: weights)"
replaced g/model.safetensors $weights "the guide $since ($WORK/g: weights)"
for file in tokenizer.json modules.json 1_Pooling/config.json config_sentence_transformers.json; do
    changed b/$file "the base model $since ($WORK/b: $file)"
    changed t/$file "the teacher $since ($WORK/t: $file)"
    changed g/$file "the guide $since ($WORK/g: $file)"
done
replaced texts.jsonl <(toy_columns texts <test.jsonl) "the training data $since ($WORK/texts.jsonl)"
replaced dev.jsonl test.jsonl "the dev data $since ($WORK/dev.jsonl)"

# The test data may be others; that is said, quiet or not, and kept.
cp test.jsonl test.kept
sed -i '$d' test.jsonl
TERN_FAULT=model:1 expect 137 "$TERN" train run.yaml --quiet
expect_line err "the test data $since ($WORK/test.jsonl); base and tuned model are scored on them as they are now"
cp test.kept test.jsonl
expect 0 "$TERN" train run.yaml --quiet --json
expect_weights run "$wanted" "after other inputs were refused"

# A vocabulary of a model from scratch.
TERN_FAULT=model:1 expect 137 "$TERN" train toy.yaml --set output.dir=scratch --quiet
cp vocab.txt vocab.kept
sed -i 's/^the$/teh/' vocab.txt
expect_sentence 1 "$TERN" train toy.yaml --set output.dir=scratch --quiet
expect_line err "scratch: the vocabulary $since ($WORK/vocab.txt); give back"
cp vocab.kept vocab.txt
expect 0 "$TERN" train toy.yaml --set output.dir=scratch --quiet

# Before the first checkpoint nothing is lost: the run takes what is there.
rm -rf run
TERN_FAULT=checkpoint:1 expect 137 "$TERN" train run.yaml --quiet
cp $weights t/model.safetensors
expect 0 "$TERN" train run.yaml --quiet
[ "$(weights_of run)" != "$wanted" ] || fail "another teacher, and the same weights"
