#!/bin/sh
# run-tests.sh FOLDER [CTEST_OPTION...]: runs the tests of the build in FOLDER, says why tests were skipped, and closes
# with the count. Exit 1 when a test failed or none ran.
set -eu

folder=$1
shift
report=$(realpath "$folder")/tests.xml
rm -f "$report"

status=0
ctest --test-dir "$folder" --parallel "$(nproc)" --output-on-failure --output-junit "$report" "$@" || status=$?
if [ ! -f "$report" ]; then
    echo "run-tests.sh: ctest wrote no report" >&2
    exit 1
fi

# A test that couldn't be started is "notrun" too, but only one that skipped itself has that message.
awk '
    /<testcase / {
        name = $0
        sub(/.*<testcase name="/, "", name)
        sub(/".*/, "", name)
        status = $0
        sub(/.* status="/, "", status)
        sub(/".*/, "", status)
        count[status]++
    }
    /<skipped message="SKIP_RETURN_CODE/ { skipped++ }
    status == "notrun" && /SKIPPED: / {
        sub(/.*SKIPPED: /, "")
        sub(/<\/system-out>.*/, "")
        gsub(/&apos;/, "\047"); gsub(/&quot;/, "\""); gsub(/&lt;/, "<"); gsub(/&gt;/, ">"); gsub(/&amp;/, "\\&")
        printf "skipped: %s: %s\n", name, $0
    }
    END {
        failed = count["fail"] + count["notrun"] - skipped
        skipped += count["disabled"]
        printf "%d passed, %d failed, %d skipped\n", count["run"], failed, skipped
        exit failed > 0 || count["run"] == 0
    }
' "$report" || status=1
exit "$status"
