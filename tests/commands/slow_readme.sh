# shellcheck shell=bash
# Every command that README.md shows in a sh block, run as it stands in a copy of the sources, in order. The two of its
# console blocks are tests of their own: command_slow_quickstart, and test.sh, which runs this one.
need_model
need_data scifact stsb
source "$SOURCE/tests/commands/pages.bash"
copy_sources clone
cd clone

grep -E '^\$ ' README.md | grep -vxE '\$ \./(quickstart|test)\.sh' && fail "README.md shows a command no test runs"
# A whole training is slow_tutorial's; here three steps show that the command works.
run_commands README.md "--set train.max_steps=3 --no-eval"
[ "$commands" -ge 18 ] || fail "only $commands commands found in README.md"
