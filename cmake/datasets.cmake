# data/*.csv -> one C file of byte arrays, so that first runs need no download. No tool but CMake:
# works for every compiler and for WebAssembly.
#
#   include(cmake/datasets.cmake)
#   ken_add_datasets(<target>)     adds the generated file, and defines KEN_HAVE_DATASETS
#
# As a script (cmake -DOUTPUT=... -DINPUTS=a.csv,b.csv -P cmake/datasets.cmake) it writes the file; -DREADER=name: what
# reads them, if not ken_csv_parse.
if(CMAKE_SCRIPT_MODE_FILE)
  set(text "/* Written by cmake/datasets.cmake from data/. */\n#include \"ken/data/datasets/datasets_csv.h\"\n\n")
  set(rows "")
  if(READER)
    string(APPEND text "__typeof__(ken_csv_parse) ${READER};\n")
  else()
    set(READER ken_csv_parse)
  endif()
  string(REPLACE "," ";" INPUTS "${INPUTS}")
  string(REPEAT "[0-9a-f]" 64 line)
  foreach(input IN LISTS INPUTS)
    get_filename_component(name ${input} NAME_WE)
    file(READ ${input} bytes HEX)
    string(LENGTH "${bytes}" size)
    math(EXPR size "${size} / 2")
    string(REGEX REPLACE "(${line})" "\\1\n" bytes "${bytes}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(APPEND text "static const unsigned char datasets_${name}[] = {\n${bytes}};\n")
    string(APPEND rows "    {\"${name}\", (const char *)datasets_${name}, ${size}, ${READER}},\n")
  endforeach()
  string(APPEND text "const ken_dataset_csv ken_dataset_csvs[] = {\n${rows}    {0, 0, 0, 0},\n};\n")
  file(WRITE ${OUTPUT} "${text}")
  return()
endif()

set(KEN_DATASETS_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
function(ken_add_datasets target)
  file(GLOB inputs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/data/*.csv)
  set(output ${CMAKE_BINARY_DIR}/ken_datasets.c)
  string(REPLACE ";" "," joined "${inputs}")
  add_custom_command(OUTPUT ${output} DEPENDS ${inputs} ${KEN_DATASETS_SCRIPT} VERBATIM
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DINPUTS=${joined} -P ${KEN_DATASETS_SCRIPT}
    COMMENT "Built-in tables")
  target_sources(${target} PRIVATE ${output})
  target_compile_definitions(${target} PRIVATE KEN_HAVE_DATASETS)
endfunction()
