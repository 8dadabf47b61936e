# Files that the program carries: the report's JavaScript (vega, vega-lite, vega-embed), a build product
# of `npm ci` in the build folder. Without Node >= 18 and npm, or without the network, the program is
# built all the same and reports show tables instead of figures.
#
# As a script: cmake -DINSTALL=<build folder> -DNPM=<npm> -P cmake/assets.cmake
set(KEN_ASSET_FILES vega/build/vega.min.js vega-lite/build/vega-lite.min.js
  vega-embed/build/vega-embed.min.js)

# Runs npm ci where it has not run for this lock file; missing files become empty ones.
function(ken_install_assets folder npm)
  file(SHA256 ${folder}/package-lock.json lock)
  set(done "")
  if(EXISTS ${folder}/done)
    file(READ ${folder}/done done)
  endif()
  if(NOT done STREQUAL lock)
    message(STATUS "npm ci: the report's JavaScript")
    execute_process(COMMAND ${npm} ci --ignore-scripts --no-audit --no-fund --loglevel=error
      WORKING_DIRECTORY ${folder} RESULT_VARIABLE failed OUTPUT_QUIET ERROR_VARIABLE why)
    if(failed)
      message(STATUS "npm ci failed: reports of this build show tables, not figures (delete ${folder} to try again)\n${why}")
    else()
      file(WRITE ${folder}/done "${lock}")
    endif()
  endif()
  foreach(file IN LISTS KEN_ASSET_FILES)
    get_filename_component(name ${file} NAME)
    if(EXISTS ${folder}/done AND EXISTS ${folder}/node_modules/${file})
      configure_file(${folder}/node_modules/${file} ${folder}/${name} COPYONLY)
    else()
      file(WRITE ${folder}/${name} "")
    endif()
  endforeach()
endfunction()

# KEN_ASSET_OBJECTS: what the program links.
function(ken_add_assets)
  set(folder ${CMAKE_BINARY_DIR}/assets)
  set(source ${folder}/ken_assets.c)
  find_program(KEN_NODE NAMES node nodejs)
  find_program(KEN_NPM npm)
  set(usable FALSE)
  if(KEN_NODE AND KEN_NPM)
    execute_process(COMMAND ${KEN_NODE} --version OUTPUT_VARIABLE version
      OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    string(REGEX REPLACE "^v([0-9]+).*" "\\1" major "${version}")
    if(major MATCHES "^[0-9]+$" AND major GREATER_EQUAL 18)
      set(usable TRUE)
    endif()
  endif()
  set(text "/* Written by the build. */\n#include \"ken/report/report_assets.h\"\n\n")
  set(products "")
  foreach(file IN LISTS KEN_ASSET_FILES)
    get_filename_component(name ${file} NAME)
    string(REGEX REPLACE "\\.min\\.js$" "_js" symbol ${name})
    string(REPLACE "-" "_" symbol ${symbol})
    if(usable)
      list(APPEND products ${folder}/${name})
      string(APPEND text "__asm__(\".section .rodata\\n.global ken_${symbol}_begin\\n\"
  \"ken_${symbol}_begin:\\n.incbin \\\"${folder}/${name}\\\"\\n\"
  \".global ken_${symbol}_end\\nken_${symbol}_end:\\n.byte 0\\n.text\\n\");
extern const char ken_${symbol}_begin[], ken_${symbol}_end[];
const char *ken_asset_${symbol}(size_t *size) {
    *size = (size_t)(ken_${symbol}_end - ken_${symbol}_begin);
    return *size ? ken_${symbol}_begin : NULL;
}\n\n")
    else()
      string(APPEND text "const char *ken_asset_${symbol}(size_t *size) {
    *size = 0;
    return NULL;
}\n\n")
    endif()
  endforeach()
  if(usable)
    set(from ${CMAKE_SOURCE_DIR}/ken/report/assets)
    add_custom_command(OUTPUT ${products}
      COMMAND ${CMAKE_COMMAND} -E copy ${from}/package.json ${from}/package-lock.json ${from}/.npmrc
        ${folder}
      COMMAND ${CMAKE_COMMAND} -DINSTALL=${folder} -DNPM=${KEN_NPM}
        -P ${CMAKE_SOURCE_DIR}/cmake/assets.cmake
      DEPENDS ${from}/package.json ${from}/package-lock.json ${CMAKE_SOURCE_DIR}/cmake/assets.cmake
      VERBATIM)
  else()
    message(STATUS "node >= 18 with npm not found: reports show tables instead of figures")
  endif()
  file(GENERATE OUTPUT ${source} CONTENT "${text}")
  add_library(ken_assets OBJECT ${source} ${products})
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${products}")
  set(KEN_ASSET_OBJECTS $<TARGET_OBJECTS:ken_assets> PARENT_SCOPE)
endfunction()

if(CMAKE_SCRIPT_MODE_FILE AND DEFINED INSTALL)
  ken_install_assets(${INSTALL} ${NPM})
endif()
