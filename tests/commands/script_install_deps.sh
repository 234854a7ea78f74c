# install-deps.sh, with a package system made of scripts: installs what is missing and only that.
mkdir bin
export PATH=$WORK/bin:$PATH
cat >bin/dpkg-query <<'END'
#!/bin/sh
for package; do :; done
case " $MISSING " in *" $package "*) exit 1 ;; esac
printf 'ii '
END
cat >bin/apt-get <<'END'
#!/bin/sh
echo "$*" >>apt.log
case "$*" in *install*) echo "E: no such package"; exit "$APT_STATUS" ;; esac
END
printf '#!/bin/sh\nexec env "$@"\n' >bin/sudo
chmod +x bin/*
export APT_STATUS=0

MISSING='' expect_silence "$SOURCE/scripts/install-deps.sh"
[ ! -e apt.log ] || fail "called apt-get with nothing to do: $(cat apt.log)"

MISSING='check wordnet-base' expect 0 "$SOURCE/scripts/install-deps.sh"
expect_line out 'installing: check wordnet-base'
[ "$(wc -l <apt.log)" -eq 2 ] || fail "not one update and one install: $(cat apt.log)"
grep -q 'install --no-install-recommends check wordnet-base$' apt.log || fail "installed: $(cat apt.log)"

# Programs of the checks only when they are asked for.
MISSING=cppcheck expect_silence "$SOURCE/scripts/install-deps.sh"
MISSING=cppcheck expect 0 "$SOURCE/scripts/install-deps.sh" --checks
expect_line out 'installing: cppcheck'

MISSING=check APT_STATUS=100 expect 1 "$SOURCE/scripts/install-deps.sh"
expect_line err 'E: no such package'
expect_line err 'apt-get could not install the packages'
expect_sentence 1 "$SOURCE/scripts/install-deps.sh" --all
