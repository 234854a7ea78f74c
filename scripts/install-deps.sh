#!/bin/sh
# Installs the Debian packages that tern is built from, and with --checks those that .ci/run needs too.
# Quiet when all are there. docs/dependencies.md says what each is for.
set -eu

build="gcc libc6-dev make cmake pkg-config libopenblas-pthread-dev libhdf5-dev libyaml-dev libjansson-dev
    libutf8proc-dev libstemmer-dev libomp-dev check wordnet-base python3 python3-pip ca-certificates"
# The other two OpenBLAS builds have lower priorities in update-alternatives, so the pthread build stays the one in use.
checks="clang libclang-rt-dev clang-format cppcheck shellcheck libopenblas0-openmp libopenblas0-serial"

fail()
{
    echo "install-deps.sh: $1" >&2
    exit 1
}

case "${1:-}" in
"") wanted=$build ;;
--checks) wanted="$build $checks" ;;
*) fail "unknown argument $1; usage: scripts/install-deps.sh [--checks]" ;;
esac

command -v dpkg-query >/dev/null ||
    fail "this is not a Debian system; install the packages that docs/dependencies.md lists"

missing=
for package in $wanted; do
    case "$(dpkg-query --show --showformat='${db:Status-Abbrev}' "$package" 2>/dev/null)" in
    ?i*) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null; then
    as_root=sudo
else
    fail "packages are missing and there is no sudo; as root run: apt-get install$missing"
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM

# apt ARGUMENTS...: without questions, waiting for another apt to finish.
apt()
{
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1 </dev/null
}

echo "installing:$missing"
# A repository that can't be reached need not be the one that is needed: what counts is whether the install succeeds.
apt update || true
# shellcheck disable=SC2086
if ! apt install --no-install-recommends $missing; then
    tail -n 20 "$log" >&2
    fail "apt-get could not install the packages; the lines above say why"
fi
