# Debian has three builds of OpenBLAS under one soname. The pthread and OpenMP builds give the same vectors with any
# number of threads; the serial build has no locks and is refused.
need_model
libraries=$(dirname "$(ldconfig -p | sed -n 's/.*libopenblas\.so\.0 .*=> //p' | head -n 1)")
model=sentence-transformers/all-MiniLM-L6-v2
for i in $(seq 40); do
    echo "text $i: an act that has disastrous consequences, told $i times"
done >texts.txt

build_is_here()
{
    [ -e "$libraries/openblas-$1/libopenblas.so.0" ]
}

for build in pthread openmp; do
    build_is_here "$build" || continue
    for threads in 1 2; do
        LD_LIBRARY_PATH=$libraries/openblas-$build expect 0 \
            "$TERN" encode "$model" texts.txt --output "$build-$threads.npy" --threads "$threads"
        cmp pthread-1.npy "$build-$threads.npy" || fail "the $build build with $threads threads gives other vectors"
    done
done

# Training too: a batch's loss is small enough for BLAS to be called outside a parallel region, if the code did that.
source "$SOURCE/tests/commands/train_toy.bash"
make_toy
for build in pthread openmp; do
    build_is_here "$build" || continue
    for threads in 1 2; do
        LD_LIBRARY_PATH=$libraries/openblas-$build expect 0 "$TERN" train toy.yaml --quiet --no-eval \
            --set train.max_steps=3 --set "output.dir=$build-$threads" --threads "$threads"
        cmp "$build-1/model/model.safetensors" "$build-$threads/model/model.safetensors" ||
            fail "the $build build with $threads threads trains another model"
    done
done

if build_is_here serial; then
    LD_LIBRARY_PATH=$libraries/openblas-serial expect_sentence 1 "$TERN" encode "$model" texts.txt --output serial.npy
    expect_line err 'serial build'
    [ ! -e serial.npy ] || fail "wrote vectors with the serial build"
fi
