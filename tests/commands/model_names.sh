# shellcheck shell=bash
# What is given for a model and is none: each is named for what it is, with what to do.
TINY=$SOURCE/tests/goldens/tiny
export XDG_CACHE_HOME=$WORK/cache HF_HOME=$WORK/hf
unset HF_HUB_CACHE HUGGINGFACE_HUB_CACHE
printf 'a text\nanother one\n' >texts.txt
printf '{"anchor": "a", "positive": "b", "negative": "c"}\n' >rows.jsonl

# refused TEXT MODEL: by each of three commands, in one sentence that has TEXT.
refused()
{
    expect_sentence 1 "$TERN" encode "$2" texts.txt --output x.npy
    expect_line err "$1"
    expect_sentence 1 "$TERN" tokenize "$2" texts.txt
    expect_line err "$1"
    expect_sentence 1 "$TERN" info "$2"
    expect_line err "$1"
}

# Nothing is installed: how a model is got.
refused 'hf download sentence-transformers/all-MiniLM-L6-v2' all-MiniLM-L6-v2
refused 'hf download org/name' org/name

# Installed, in tern's cache and in that of Hugging Face: a name without its organization, in another case, with a slip.
mkdir -p cache/tern/models/Alpha-Org
cp -r "$TINY" cache/tern/models/Alpha-Org/Small-Model-L6
repository=hf/hub/models--beta--other-model
mkdir -p "$repository/refs" "$repository/snapshots"
printf abc123 >"$repository/refs/main"
cp -r "$TINY" "$repository/snapshots/abc123"
refused 'did you mean Alpha-Org/Small-Model-L6, which is installed?' Small-Model-L6
refused 'did you mean Alpha-Org/Small-Model-L6' alpha-org/small-model-l6
refused 'did you mean Alpha-Org/Small-Model-L6' gamma/Small-Model-L6
refused 'did you mean Alpha-Org/Small-Model-L6' Alpha-Org/Smal-Model-L6
refused 'did you mean beta/other-model' other-model
refused 'did you mean beta/other-model' other-modle
refused 'installed are: Alpha-Org/Small-Model-L6, beta/other-model' no/such/thing
expect 0 "$TERN" info beta/other-model

# Paths: the nearest folder beside it.
mkdir served
cp -r "$TINY" served/model
refused 'did you mean served/model?' served/modle
cp -r "$TINY" mymodel
refused 'did you mean mymodel?' mymodell

# Files of a model, and folders around one.
expect_sentence 1 "$TERN" encode served/model/model.safetensors texts.txt --output x.npy
expect_line err 'it is a file; a model is a folder: give served/model'
expect_sentence 1 "$TERN" encode texts.txt texts.txt --output x.npy
expect_line err "it is a file; a model is a folder"
refused 'it is no model, but it holds one: give served/model' served
refused 'it is no model, but it holds one: give cache/tern/models/Alpha-Org/Small-Model-L6' cache/tern/models/Alpha-Org
refused "a repository in the Hugging Face cache, whose files are under snapshots/; give $repository/snapshots/abc123" "$repository"
refused "it is the Hugging Face cache, not a model; give a model's name, e.g. beta/other-model" hf/hub
rm "$repository/refs/main"
refused 'but not its main revision' beta/other-model
mkdir empty checkpoints data
refused 'it is an empty folder' empty
printf x >checkpoints/step-5.h5
refused 'it holds training states (step-5.h5), not a model' checkpoints
: >data/corpus.jsonl
expect_sentence 1 "$TERN" encode data texts.txt --output x.npy
expect_line err 'it is a data set (corpus.jsonl), not a model'
mkdir -p trainer
cp -r "$TINY" trainer/checkpoint-500
refused 'it holds one: give trainer/checkpoint-500' trainer

# A run's folder stands for its model; one that isn't finished says so.
source "$SOURCE/tests/commands/train_toy.bash"
make_toy
expect 0 "$TERN" train toy.yaml --quiet --set train.max_steps=2 --set eval.every=2 --set output.dir=run
expect 0 "$TERN" encode run/model texts.txt --output wanted.npy --quiet
expect 0 "$TERN" encode run texts.txt --output found.npy --quiet
expect_line err "tern: warning: run: it is a run's folder; the model in it is used: run/model"
cmp wanted.npy found.npy || fail "another model than the run's"
expect 0 "$TERN" info run
expect_line out "run/model"
expect 0 "$TERN" tokenize run texts.txt
expect_line err "the model in it is used: run/model"
printf '{"anchor": "what is q1", "positive": "the d1"}\n{"anchor": "what is q2", "positive": "the d2"}\n' >pairs.jsonl
cat >next.yaml <<'YAML'
model: run
data: {train: {file: pairs.jsonl}}
loss: {name: multiple_negatives_ranking}
train: {batch_size: 2, max_steps: 1}
output: {dir: next}
YAML
expect 0 "$TERN" train next.yaml --quiet
expect_line err "it is a run's folder; the model in it is used"
expect_sentence 1 "$TERN" encode run/run.json texts.txt --output x.npy
expect_line err "it is a file of a run; the run's model is run/model"
mv run/model elsewhere
refused 'the folder of a run without a model yet' run

# Weights in other forms, adapters, pointers.
# weights NAME...: tiny with these files, empty, in place of its weights.
weights()
{
    rm -rf other
    cp -r "$TINY" other
    rm other/model.safetensors
    local name
    for name in "$@"; do
        mkdir -p "$(dirname "other/$name")"
        : >"other/$name"
    done
}
# unread TEXT: refused by what loads weights; a tokenizer needs none.
unread()
{
    expect_sentence 1 "$TERN" encode other texts.txt --output x.npy
    expect_line err "$1"
    expect_sentence 1 "$TERN" info other --json
    expect_line err "$1"
}
weights pytorch_model.bin
unread 'its weights are in pytorch_model.bin, a Python pickle'
unread "sys.argv[2])' other NEW-FOLDER"
weights pytorch_model.bin.index.json pytorch_model-00001-of-00002.bin
unread 'a Python pickle'
weights model.safetensors.index.json model-00001-of-00002.safetensors model-00002-of-00002.safetensors
unread 'its weights are in several files'
weights model.onnx
unread 'only weights in ONNX form (model.onnx)'
weights tf_model.h5
unread "only weights in TensorFlow's form"
weights
unread 'it holds no model.safetensors, which weights are read from'
rm other/config.json other/modules.json
unread 'it is no model: it has neither modules.json nor config.json'
rm other/tokenizer.json
: >other/model-q8.gguf
refused "it holds a model in llama.cpp's GGUF form (model-q8.gguf)" other
mkdir adapter
printf '{"base_model_name_or_path": "beta/other-model", "peft_type": "LORA"}' >adapter/adapter_config.json
: >adapter/adapter_model.safetensors
refused 'it holds an adapter (LORA, of PEFT) to beta/other-model, not a whole model' adapter
cp adapter/* mymodel
expect_sentence 1 "$TERN" encode mymodel texts.txt --output x.npy
expect_line err 'it holds an adapter'

# Arguments in the other order.
swapped()
{
    expect_sentence 2 "$TERN" "$@"
    expect_line err "the arguments seem to be swapped: served/model is a model"
}
printf 'question,answer\na,b\n' >faq.csv
mkdir -p set/qrels
printf '{"_id": "d1", "text": "a"}\n' >set/corpus.jsonl
printf '{"_id": "q1", "text": "b"}\n' >set/queries.jsonl
printf 'query-id\tcorpus-id\tscore\nq1\td1\t1\n' >set/qrels/test.tsv
swapped eval set served/model
swapped eval rows.jsonl served/model
swapped search faq.csv served/model --query a
swapped encode texts.txt served/model --output x.npy
swapped tokenize texts.txt served/model
expect_sentence 2 "$TERN" search faq.csv Small-Model-L6
expect_line err "Small-Model-L6 is a model"
expect_sentence 2 "$TERN" train served/model
expect_line err "served/model is a model, and RECIPE is a YAML file"

# A format's name is no folder's, unless it is written as one.
for form in onnx ONNX gguf openvino safetensors; do
    expect_sentence 2 "$TERN" export served/model "$form"
    expect_line err "no other form yet; for a folder of that name say ./$form"
    [ ! -e "$form" ] || fail "a folder $form is made"
done
expect 0 "$TERN" export served/model ./onnx
[ -s onnx/model.safetensors ] || fail "./onnx isn't written"
