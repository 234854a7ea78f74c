# The build refuses an include that the table of folders doesn't allow.
check=$SOURCE/scripts/check-includes.sh
expect 0 "$check" "$SOURCE"

mkdir -p tree/base tree/search tree/encoders tree/train
printf '#include "base/error.h"\n#include "train/train.h"\n' >tree/base/a.c
printf '#include "autograd/gemm.h"\n#include "autograd/tape.h"\n' >tree/search/b.c
printf '#include "data/packed.h"\n#include "data/rows.h"\n' >tree/encoders/c.h
printf '#include "near.h"\n#include <cblas.h>\n/* omp_set_num_threads(1) */\nomp_set_num_threads(1);\n' >tree/train/d.c
expect 1 "$check" tree
[ "$(wc -l <out)" -eq 6 ] || fail "not six lines: $(cat out)"
expect_line out 'base/a.c:2: base/ may not use train/train.h'
expect_line out 'search/b.c:2: search/ may not use autograd/tape.h'
expect_line out 'encoders/c.h:2: encoders/ may not use data/rows.h'
expect_line out 'train/d.c:1: an include names the folder too'
expect_line out 'train/d.c:2: only autograd/gemm.c includes cblas.h'
expect_line out 'train/d.c:4: only autograd/gemm.c sets a number of threads'
