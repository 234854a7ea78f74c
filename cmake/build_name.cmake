# cmake -D OUTPUT=FILE.c -D FILES=a;b;.. -D FLAGS=.. -P build_name.cmake: writes tern_build (checkpoints/fingerprint.h), a hash
# of those files and flags.
set(all "${FLAGS}")
foreach(file IN LISTS FILES)
  file(SHA256 ${file} hash)
  string(APPEND all " ${hash}")
endforeach()
string(SHA256 hash "${all}")
file(WRITE ${OUTPUT} "#include \"checkpoints/fingerprint.h\"\n\nconst char tern_build[] = \"${hash}\";\n")
