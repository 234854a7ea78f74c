# run-tests.sh closes with the count, says why tests were skipped, and fails when none ran.
mkdir tests
cat >tests/CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.20)
project(counted NONE)
enable_testing()
add_test(NAME good COMMAND true)
add_test(NAME bad COMMAND false)
add_test(NAME skips COMMAND sh -c "echo \"SKIPPED: the model isn't here\"; exit 77")
add_test(NAME gone COMMAND no-such-program)
set_tests_properties(skips PROPERTIES SKIP_RETURN_CODE 77)
END
cmake -S tests -B build >/dev/null

closes_with()
{
    [ "$(tail -n 1 out)" = "$1" ] || fail "closes with: $(tail -n 1 out)"
}
expect 1 "$SOURCE/scripts/run-tests.sh" build
closes_with '1 passed, 2 failed, 1 skipped'
expect_line out "skipped: skips: the model isn't here"
expect 0 "$SOURCE/scripts/run-tests.sh" build -R 'good|skips'
closes_with '1 passed, 0 failed, 1 skipped'
expect 1 "$SOURCE/scripts/run-tests.sh" build -R skips
closes_with '0 passed, 0 failed, 1 skipped'
expect 1 "$SOURCE/scripts/run-tests.sh" build -R none
