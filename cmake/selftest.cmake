# The double build: autograd, losses, encoders and the checks compiled again with TERN_DOUBLE, joined into one object
# and hidden but for tern_selftest_run, so that both builds live in one program. What base, OpenBLAS and the float half
# of the checks define stays undefined in it and is found when the program is linked.
file(GLOB double_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/autograd/*.c ${CMAKE_SOURCE_DIR}/losses/*.c
     ${CMAKE_SOURCE_DIR}/encoders/*.c ${CMAKE_SOURCE_DIR}/selftest/*.c)
list(FILTER double_sources EXCLUDE REGEX "/selftest/float_[a-z_]*\\.c$")
add_library(tern_double OBJECT ${double_sources})
target_link_libraries(tern_double PRIVATE tern_flags PkgConfig::OPENBLAS)
target_compile_definitions(tern_double PRIVATE TERN_DOUBLE TERN_ISA=plain)

set(double_object ${CMAKE_CURRENT_BINARY_DIR}/tern_double.o)
set(joined_object ${CMAKE_CURRENT_BINARY_DIR}/tern_double_joined.o)
add_custom_command(
  OUTPUT ${double_object}
  COMMAND ${CMAKE_LINKER} -r -o ${joined_object} $<TARGET_OBJECTS:tern_double>
  COMMAND ${CMAKE_OBJCOPY} --keep-global-symbol=tern_selftest_run ${joined_object} ${double_object}
  DEPENDS tern_double $<TARGET_OBJECTS:tern_double>
  COMMAND_EXPAND_LISTS
  COMMENT "Joining the double build")
set_source_files_properties(${double_object} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)

file(GLOB single_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/selftest/check*.c ${CMAKE_SOURCE_DIR}/selftest/float_*.c)
add_library(tern_selftest STATIC ${single_sources} ${double_object})
target_link_libraries(tern_selftest PUBLIC tern_flags tern_losses tern_encoders tern_autograd tern_gemm tern_base
                      PkgConfig::OPENBLAS)
