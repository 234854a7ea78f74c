# shellcheck shell=bash
# What lies in output.dir and isn't the run's stays: the base model that is trained further there, inputs, other
# programs' files, whatever --force says.
source "$SOURCE/tests/commands/train_toy.bash"
make_toy

# files_of DIR: names and contents of all files in it.
files_of()
{
    (cd "$1" && find . -type f ! -name .lock -print0 | sort -z | xargs -0 sha256sum)
}

expect 0 "$TERN" train toy.yaml --set output.dir=first --quiet
sed '/^scratch/d' toy.yaml >tuned.yaml

# further DIR ARGUMENT...: trains DIR's own model further in DIR.
further()
{
    "$TERN" train tuned.yaml --set model="$1/model" --set output.dir="$1" --set train.max_steps=30 --quiet "${@:2}"
}

# The right result: the same training into another folder.
expect 0 "$TERN" train tuned.yaml --set model=first/model --set output.dir=elsewhere --set train.max_steps=30 --quiet
wanted=$(weights_of elsewhere)

# Without --force a finished run of another recipe stays as it is; with it, its model is the base and is kept.
cp -r first own
files_of own >before
expect_sentence 1 further own
expect_line err "--force to train its model further, which is kept in base/model"
files_of own | cmp - before || fail "a refused run changed the folder"
expect 0 further own --force
expect_weights own "$wanted" "trained in its own folder"
cmp own/base/model/model.safetensors first/model/model.safetensors || fail "the base isn't kept"
[ "$(grep -o '"base":{[^}]*}' own/result.json)" = "$(grep -o '"base":{[^}]*}' elsewhere/result.json)" ] ||
    fail "other scores of the base: $(cat own/result.json)"
expect 0 further own

# Killed at any place, also after the new model has replaced its base, the same command goes on without --force.
struck_at()
{
    local status=0
    rm -rf struck
    cp -r first struck
    TERN_FAULT=$1 further struck --force --threads 1 >/dev/null 2>&1 || status=$?
    [ "$status" -eq 137 ] || return 1
    cmp -s struck/base/model/model.safetensors first/model/model.safetensors || fail "$1: the base isn't kept"
    expect 0 further struck
    expect_weights struck "$wanted" "struck at $1"
}
for place in 1 60 140; do
    struck_at "checkpoint:$place" || fail "checkpoint:$place was not reached"
done
place=1
while struck_at "model:$place"; do
    place=$((place + 1))
done
[ "$place" -gt 8 ] || fail "only $place places in the writing of the model"

# A third time: the model of the second run is the base.
expect 0 further own --force
cmp own/base/model/model.safetensors elsewhere/model/model.safetensors || fail "not the last model was the base"

# A model that was put there by hand is a base too; what else lies beside it in its folder is a reason to refuse.
mkdir byhand
cp -r first/model byhand/model
expect_sentence 1 further byhand
expect_line err "the base model lies where this run's own model goes"
ln -s byhand linked
expect 0 "$TERN" train tuned.yaml --set model=byhand/model/ --set output.dir=linked --set train.max_steps=30 --quiet --force
expect_weights byhand "$wanted" "a base put there by hand"
cmp byhand/base/model/model.safetensors first/model/model.safetensors || fail "the base isn't kept"
echo mine >byhand/model/notes.txt
files_of byhand >before
expect_sentence 1 further byhand --force
expect_line err "notes.txt"
files_of byhand | cmp - before || fail "a refused run changed the folder"

# Inputs in what a run writes are refused, links followed, with and without --force.
cp -r first inputs
cp dev.jsonl inputs/dev.jsonl
ln -s inputs/base link-to-base
cp test.jsonl inputs/base/test.jsonl
for input in data.dev.file=inputs/dev.jsonl data.test.file=link-to-base/test.jsonl data.train.file=inputs/base/test.jsonl \
    model=inputs/base/model scratch.vocab=inputs/model/vocab.txt; do
    mkdir -p inputs/base
    [ "$input" != model=inputs/base/model ] || cp -r first/model inputs/base/model
    files_of inputs >before
    for force in "" --force; do
        # shellcheck disable=SC2086
        expect_sentence 1 "$TERN" train toy.yaml --set output.dir=inputs --set "$input" --set train.max_steps=3 $force
        expect_line err "choose another output.dir"
        expect_line err "--set ${input%%=*}"
    done
    files_of inputs | cmp - before || fail "$input: a refused run changed the folder"
done
expect_sentence 1 "$TERN" train tuned.yaml --set model=first/model --set loss.name=guided --set loss.guide=inputs/model \
    --set output.dir=inputs --force
expect_line err "inputs/model is what a run into output.dir inputs writes as model"

# The resolved recipe in the folder may be the recipe; another one there is refused.
cp -r first again
expect 0 "$TERN" train again/recipe.yaml --set output.dir=again --force --quiet
expect_weights again "$(weights_of first)" "repeated by its own recipe"
mkdir project
sed "s#: \([a-z]*[.]jsonl\)#: ../\1#; s#vocab.txt#../vocab.txt#" toy.yaml >project/recipe.yaml
cp project/recipe.yaml recipe.before
for force in "" --force; do
    # shellcheck disable=SC2086
    expect_sentence 1 "$TERN" train project/recipe.yaml --set output.dir=project $force
    expect_line err "holds recipe.yaml"
    cmp project/recipe.yaml recipe.before || fail "the recipe was overwritten"
done

# Other programs' folders of the same names: nothing of them goes, and what would be overwritten is a reason to refuse.
mkdir -p foreign/checkpoints foreign/base
echo weights >foreign/checkpoints/epoch-3.pt
echo table >foreign/base/dictionary.txt
expect_sentence 1 "$TERN" train toy.yaml --set output.dir=foreign --set train.max_steps=3
expect_line err "which is not of a run of tern"
expect 0 "$TERN" train toy.yaml --set output.dir=foreign --set train.max_steps=3 --force --quiet
expect_line err "checkpoints/epoch-3.pt and 1 more, which no run of tern wrote"
[ -s foreign/checkpoints/epoch-3.pt ] || fail "another program's checkpoint is gone"
[ -s foreign/base/dictionary.txt ] || fail "another program's base is gone"
expect 0 "$TERN" train toy.yaml --set output.dir=foreign --set train.max_steps=4 --force --quiet
[ -s foreign/checkpoints/epoch-3.pt ] || fail "another program's checkpoint is gone the second time"
for path in model/pytorch_model.bin model/config.json result.json run.json metrics.jsonl checkpoints/step-7.h5 best.h5; do
    rm -rf foreign
    mkdir -p "foreign/$(dirname "$path")"
    echo theirs >"foreign/$path"
    for force in "" --force; do
        # shellcheck disable=SC2086
        expect_sentence 1 "$TERN" train toy.yaml --set output.dir=foreign --set train.max_steps=3 $force
        expect_line err "choose another output.dir"
        [ "$(cat "foreign/$path")" = theirs ] || fail "foreign/$path was overwritten"
    done
done

# A stranger in the model's folder is found before the training and not after it.
echo mine >first/model/notes.txt
expect_sentence 1 "$TERN" train toy.yaml --set output.dir=first --set train.max_steps=100000 --force
expect_line err "notes.txt"
[ -s first/result.json ] || fail "the finished run is gone"
