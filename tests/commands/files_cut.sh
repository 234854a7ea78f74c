# shellcheck shell=bash
# A model's file that gets shorter, or is written into, while it is in use: one sentence that names it and status 1, where
# the system would end the process with SIGBUS and no word.
printf 'the dog\ncat and dog and text\nzebra\n' >lines.txt
export OMP_NUM_THREADS=1

# cut_while_searching COMMAND...: what happens to the weights once tern search has answered one query, and asks another.
cut_while_searching()
{
    rm -rf model queries out err
    cp -r "$SOURCE/tests/goldens/tiny" model
    mkfifo queries
    "$TERN" search model lines.txt --quiet <queries >out 2>err &
    local run=$! status=0
    exec 3>queries
    echo "the dog" >&3
    for _ in {1..200}; do
        [ -s out ] && break
        sleep 0.05
    done
    [ -s out ] || fail "no answer: $(cat err)"
    "$@"
    echo "an act of a cat" >&3
    exec 3>&-
    wait "$run" || status=$?
    [ "$status" -eq 1 ] || fail "exit status $status, not 1, after: $*"
    [ "$(wc -l <err)" -eq 1 ] || fail "stderr isn't one line after: $*: $(cat err)"
    expect_line err "model/model.safetensors: the file"
}
cut_while_searching truncate -s 200 model/model.safetensors
expect_line err "got shorter while it was in use"
cut_while_searching truncate -s 0 model/model.safetensors
expect_line err "got shorter while it was in use"
# Within the last page nothing is missed by the system.
cut_while_searching truncate -s -8 model/model.safetensors
expect_line err "written into while it was in use"
cut_while_searching touch model/model.safetensors
expect_line err "written into while it was in use"

# Texts are read whole, so that what happens to the file later doesn't matter.
rm -f queries out err
mkfifo queries
cp lines.txt texts.txt
"$TERN" search "$SOURCE/tests/goldens/tiny" texts.txt --quiet <queries >out 2>err &
run=$!
exec 3>queries
echo "the dog" >&3
for _ in {1..200}; do
    [ -s out ] && break
    sleep 0.05
done
truncate -s 0 texts.txt
echo "the dog" >&3
exec 3>&-
wait "$run" || fail "the texts are still looked at: $(cat err)"
