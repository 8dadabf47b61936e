# The Python package: ${CMAKE_BINARY_DIR}/python/ken, complete (extension, hand-written modules, modules
# written from the catalogue), so that PYTHONPATH=${CMAKE_BINARY_DIR}/python runs it. The wheel is the same folder
# (python/pyproject.toml). The extension keeps to the limited API of Python 3.9: one file for every newer one.
#
# As a script: cmake -DFOLDER=<package folder> -DFROM=<python/> -DPROGRAM=<ken> -DPYTHON=<python3> -P cmake/python.cmake

# The folder anew but for the extension: a module that is gone from the tree is gone from the package.
function(ken_fill_python folder from program python)
  file(GLOB old ${folder}/*)
  list(FILTER old EXCLUDE REGEX "/_ken[^/]*\\.so$")
  if(old)
    file(REMOVE_RECURSE ${old})
  endif()
  file(COPY ${from}/ken/ DESTINATION ${folder} PATTERN "__pycache__" EXCLUDE PATTERN ".*" EXCLUDE)
  execute_process(COMMAND ${program} models --json OUTPUT_FILE ${folder}/../catalog.json RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "${program} models --json: ${failed}")
  endif()
  execute_process(COMMAND ${python} ${from}/gen.py ${folder} INPUT_FILE ${folder}/../catalog.json
    RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "python/gen.py: ${failed}")
  endif()
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
  ken_fill_python(${FOLDER} ${FROM} ${PROGRAM} ${PYTHON})
  return()
endif()

if(NOT TARGET ken)
  message(FATAL_ERROR "KEN_PYTHON needs KEN_PROGRAM: the program's catalogue says what the package holds")
endif()
find_package(Python3 3.9 COMPONENTS Interpreter REQUIRED)
# Where the headers are, the interpreter knows (a module Development.SABIModule is younger than our oldest CMake). Without
# a global interpreter lock there is no limited API: the extension is then for that Python alone.
execute_process(COMMAND ${Python3_EXECUTABLE} -c "import sysconfig as s
print(s.get_path('include'), s.get_config_var('EXT_SUFFIX') if s.get_config_var('Py_GIL_DISABLED') else '.abi3.so', sep=';')"
  OUTPUT_VARIABLE KEN_PYTHON_FACTS OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
list(GET KEN_PYTHON_FACTS 0 KEN_PYTHON_INCLUDE)
list(GET KEN_PYTHON_FACTS 1 KEN_PYTHON_SUFFIX)
if(failed OR NOT EXISTS ${KEN_PYTHON_INCLUDE}/Python.h)
  message(FATAL_ERROR "no Python.h in '${KEN_PYTHON_INCLUDE}': apt-get install python3-dev, or -DKEN_PYTHON=OFF")
endif()

set(KEN_PYTHON_FOLDER ${CMAKE_BINARY_DIR}/python/ken)
file(GLOB KEN_PYTHON_SOURCES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/python/src/*.c)
add_library(ken_extension MODULE ${KEN_PYTHON_SOURCES} ${KEN_ASSET_OBJECTS})
set_target_properties(ken_extension PROPERTIES PREFIX "" OUTPUT_NAME _ken SUFFIX ${KEN_PYTHON_SUFFIX}
  LIBRARY_OUTPUT_DIRECTORY ${KEN_PYTHON_FOLDER})
target_include_directories(ken_extension SYSTEM PRIVATE ${KEN_PYTHON_INCLUDE})
target_compile_definitions(ken_extension PRIVATE KEN_VERSION="${PROJECT_VERSION}")
if(KEN_PYTHON_SUFFIX STREQUAL .abi3.so)
  target_compile_definitions(ken_extension PRIVATE Py_LIMITED_API=0x03090000)
endif()
target_link_libraries(ken_extension PRIVATE ken_static)
# One name is seen from outside; what nothing calls is left out.
target_link_options(ken_extension PRIVATE -Wl,--gc-sections
  -Wl,--version-script=${CMAKE_SOURCE_DIR}/python/src/exports.map)
set_property(TARGET ken_extension APPEND PROPERTY LINK_DEPENDS ${CMAKE_SOURCE_DIR}/python/src/exports.map)

file(GLOB_RECURSE KEN_PYTHON_MODULES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/python/ken/*)
list(FILTER KEN_PYTHON_MODULES EXCLUDE REGEX "__pycache__")
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/python/filled
  COMMAND ${CMAKE_COMMAND} -DFOLDER=${KEN_PYTHON_FOLDER} -DFROM=${CMAKE_SOURCE_DIR}/python
    -DPROGRAM=$<TARGET_FILE:ken> -DPYTHON=${Python3_EXECUTABLE} -P ${CMAKE_SOURCE_DIR}/cmake/python.cmake
  COMMAND ${CMAKE_COMMAND} -E touch ${CMAKE_BINARY_DIR}/python/filled
  DEPENDS ken ${KEN_PYTHON_MODULES} ${CMAKE_SOURCE_DIR}/python/gen.py
    ${CMAKE_SOURCE_DIR}/python/gen_words.py ${CMAKE_SOURCE_DIR}/cmake/python.cmake
  COMMENT "The Python package's modules" VERBATIM)
add_custom_target(ken_python ALL DEPENDS ${CMAKE_BINARY_DIR}/python/filled)
add_dependencies(ken_python ken_extension)

install(TARGETS ken_extension LIBRARY DESTINATION ken COMPONENT python EXCLUDE_FROM_ALL)
install(DIRECTORY ${KEN_PYTHON_FOLDER}/ DESTINATION ken COMPONENT python EXCLUDE_FROM_ALL
  PATTERN "*.so" EXCLUDE PATTERN "__pycache__" EXCLUDE)
