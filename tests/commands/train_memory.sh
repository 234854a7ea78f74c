# shellcheck shell=bash
# A model from scratch that train.memory can't hold is refused from its configuration, before it is made.
source "$SOURCE/tests/commands/train_toy.bash"
make_toy

# refused SECONDS --set...: at once, in one sentence that names the memory, in little address space.
refused()
{
    local most=$1
    shift
    (
        ulimit -v 4000000
        expect_sentence 1 timeout "$most" "$TERN" train toy.yaml --threads 1 --set output.dir=one "$@"
    ) || exit 1
    expect_line err "train.memory is"
    expect_line err "weights, gradients and moments alone need"
    [ ! -e one ] || fail "something was written by: $*"
}
big=(--set scratch.layers=100 --set scratch.width=8192 --set scratch.heads=64 --set scratch.intermediate=32768)
refused 20 "${big[@]}" --set train.memory=1GB
expect_line err "weights, gradients and moments alone need 1200"
refused 20 "${big[@]}" --set train.memory=200GB
refused 20 --set scratch.layers=1000 --set scratch.width=1024 --set scratch.heads=16 --set train.memory=2GB
refused 20 --set scratch.width=2048 --set scratch.intermediate=1000000 --set train.memory=1GB --set 'train.freeze=[embeddings]'

# What fits is trained as before.
expect 0 "$TERN" train toy.yaml --quiet --set train.max_steps=2 --set eval.every=2 \
    --set train.memory=1GB --set output.dir=run
