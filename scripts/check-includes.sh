#!/bin/sh
# check-includes.sh SOURCE_DIR: holds every #include against the table of who may use whom. Prints each offending
# file:line and exits 1. The build runs it, so that a wrong include fails the build.
set -eu

cd "${1:?usage: check-includes.sh SOURCE_DIR}"

# FILE's folder may include: folders, or single headers. Itself always. tests/ may include anything.
uses()
{
    cat <<'TABLE'
base
autograd     base data/packed.h
losses       autograd base
encoders     autograd base data/packed.h
data         base
search       base data autograd/dots.h autograd/gemm.h
mining       base data search
eval         base data search
recipes      base
checkpoints  encoders autograd data base
train        autograd losses encoders data search mining eval checkpoints recipes base
selftest     autograd losses encoders base data/packed.h
cli          autograd losses encoders data search mining eval checkpoints recipes train selftest base
TABLE
}

files=$(uses | while read -r folder _; do
    [ ! -d "$folder" ] || find "$folder" -name '*.[ch]'
done | LC_ALL=C sort)

# shellcheck disable=SC2086
uses | LC_ALL=C awk '
    function complain(what) {
        printf "%s:%d: %s: %s\n", FILENAME, FNR, what, $0
        bad = 1
    }
    # The table comes first, on standard input.
    FILENAME == "-" {
        folder = $1
        known[folder] = 1
        may[folder, folder] = 1
        for (i = 2; i <= NF; i++)
            may[folder, $i] = 1
        next
    }
    FNR == 1 {
        split(FILENAME, path, "/")
        folder = path[1]
    }
    /^[ \t]*#[ \t]*include[ \t]*"/ {
        header = $0
        sub(/^[^"]*"/, "", header)
        sub(/".*/, "", header)
        n = split(header, part, "/")
        if (n < 2 || !(part[1] in known))
            complain("an include names the folder too, \"folder/header.h\"")
        else if (!((folder, part[1]) in may) && !((folder, header) in may))
            complain(folder "/ may not use " header)
    }
    /^[ \t]*#[ \t]*include[ \t]*<cblas/ && FILENAME != "autograd/gemm.c" {
        complain("only autograd/gemm.c includes cblas.h")
    }
    # Comments may name these functions.
    /^[ \t]*(\*|\/\*|\/\/)/ { next }
    (/(omp|openblas|goto)_set_num_threads[ \t]*\(/ || /#[ \t]*pragma[ \t]+omp.*num_threads[ \t]*\(/) &&
        FILENAME != "autograd/gemm.c" {
        complain("only autograd/gemm.c sets a number of threads")
    }
    END { exit bad }
' - $files
