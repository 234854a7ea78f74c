# The embedding store leaves a part of its disk free, and says when vectors are not kept. On a small disk of its own.
unset TERN_STORE
mkdir disk
unshare -rm mount -t tmpfs none disk 2>/dev/null || skip "no file system may be mounted here"
tiny=$SOURCE/tests/goldens/tiny
for i in $(seq 1300); do
    echo "the dog and cat number $i of text $((i * i))"
done >texts.txt
TERN_STORE=off expect 0 "$TERN" encode "$tiny" texts.txt --output right.npy

# on_disk SIZE COMMAND..: runs it with a disk of that size for the cache.
on_disk()
{
    # shellcheck disable=SC2016
    XDG_CACHE_HOME=$WORK/disk expect 0 unshare -rm sh -c \
        'size=$1; shift; mount -t tmpfs -o size=$size none disk && "$@"' sh "$@"
}

# A disk too small for any store: the vectors are right, and a warning, which --quiet leaves and JSON has, says so once.
for flag in --force --quiet; do
    rm -f x.npy
    on_disk 20m "$TERN" encode "$tiny" texts.txt --output x.npy $flag
    cmp x.npy right.npy
    [ "$(grep -c "new vectors are not kept" err)" -eq 1 ] || fail "the warning isn't there once: $(cat err)"
    expect_line err "its disk has too little room beside the 1.00 GB that stay free; TERN_STORE=off turns the store off"
    ! grep -q "vectors are kept" err || fail "vectors are said to be kept"
done
TERN_STORE=off on_disk 20m "$TERN" encode "$tiny" texts.txt --output x.npy --force --quiet
[ ! -s err ] || fail "TERN_STORE=off isn't silent: $(cat err)"

# One with a little room: it is used, and when others have filled the disk what is kept is found still.
# shellcheck disable=SC2016
on_disk 1030m bash -c '"$1" encode "$2" texts.txt --output x.npy --force &&
    head -c 6000k /dev/zero >disk/others && sed "s/^/new /" texts.txt >new.txt && cat new.txt >>texts.txt &&
    "$1" encode "$2" texts.txt --output y.npy && "$1" encode "$2" texts.txt --output z.npy && find disk/tern -type f' \
    bash "$TERN" "$tiny"
expect_line err "vectors are kept in"
[ "$(grep -c "1300 of 2600 vectors came from the store" err)" -eq 2 ] || fail "not 1300 of 2600 twice: $(cat err)"
[ "$(grep -c "new vectors are not kept" err)" -eq 2 ] || fail "not two warnings: $(cat err)"
[ "$(sort out | tr "\n" " ")" = "disk/tern/vectors/store.h5 disk/tern/vectors/store.h5.lock " ] || fail "left beside the store: $(cat out)"
cmp x.npy right.npy
TERN_STORE=off expect 0 "$TERN" encode "$tiny" texts.txt --output right.npy --force
cmp y.npy right.npy
cmp z.npy right.npy
