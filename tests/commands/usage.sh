# shellcheck shell=bash
# What every command shares: help, version, wrong usage, exit codes, and that stdout really was written.

expect 0 "$TERN"
cp out overview
[ "$(head -1 out)" = "Example:" ] || fail "the overview does not begin with an example"
expect 0 "$TERN" --help
cmp -s out overview || fail "tern and tern --help differ"
expect 0 "$TERN" --version
grep -qE '^tern [0-9]+\.[0-9]+\.[0-9]+$' out || fail "--version says: $(cat out)"

expect_sentence 2 "$TERN" evla
expect_line err 'there is no command "evla"; did you mean eval?'
expect_sentence 2 "$TERN" qqqqqq
expect_line err 'tern --help lists them'
expect_sentence 2 "$TERN" --halp
expect_sentence 2 "$TERN" ""
expect_sentence 2 "$TERN" help qqqqqq

# Every command has a page that begins with an example, and docs/cli.md has a section that names all of its flags.
commands=$(awk '/^Commands:/ {on = 1; next} /^$/ {on = 0} on {print $1}' overview)
[ "$(wc -w <<<"$commands")" -eq 10 ] || fail "the overview lists: $commands"

# section TITLE: that section of docs/cli.md.
section()
{
    awk -v title="## $1" '/^## / {on = $0 == title} on' "$SOURCE/docs/cli.md"
}

check_page()
{
    local flag
    expect 0 "$TERN" "$@" --help
    [ "$(head -1 out)" = "Example:" ] || fail "tern $* --help does not begin with an example"
    [ -s err ] && fail "tern $* --help writes to stderr"
    cp out page
    expect 0 "$TERN" help "$@"
    cmp -s out page || fail "tern help $* and tern $* --help differ"
    [ -n "$(section "tern $*")" ] || fail "docs/cli.md has no section on tern $*"
    while read -r flag; do
        case $flag in --threads | --quiet | --help) continue ;; esac
        grep -qF -- "\`$flag" <<<"$(section "tern $*")" || fail "docs/cli.md says nothing of $flag of tern $*"
    done < <(grep -oE '^  --[a-z0-9-]+' page)
}

check_common_flags()
{
    expect 0 "$TERN" "$@" --help
    expect_line out "--threads N"
    expect_sentence 2 "$TERN" "$@" --thread 2
    expect_line err "did you mean --threads?"
    expect_sentence 2 "$TERN" "$@" --threads many
}

for command in $commands; do
    check_page "$command"
    [ "$command" = data ] || check_common_flags "$command"
done
for kind in wordnet check; do
    check_page data "$kind"
    check_common_flags data "$kind"
done

# The page of recipe keys is what the program makes.
expect 0 "$TERN" help recipe-keys
cmp -s out "$SOURCE/docs/recipes.md" || fail "docs/recipes.md is out of date: tern help recipe-keys > docs/recipes.md"

# stdout that can't be written is said, and is no success.
if [ -w /dev/full ]; then
    status=0
    "$TERN" help recipe-keys >/dev/full 2>err || status=$?
    [ "$status" -eq 1 ] || fail "a full disk gives exit status $status"
    expect_line err "standard output could not be written: No space left on device"
fi
status=0
"$TERN" --version >&- 2>err || status=$?
[ "$status" -eq 1 ] || fail "a closed stdout gives exit status $status"
expect_line err "standard output could not be written"

# More threads than any machine has would end in a crash of the OpenMP library.
OMP_NUM_THREADS=99999999 expect_sentence 1 "$TERN" tokenize "$SOURCE/tests/goldens/tiny" "$SOURCE/tests/goldens/tiny-vocab.txt"
expect_line err "OMP_NUM_THREADS asks for 99999999 threads"
