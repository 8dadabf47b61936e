# Writes the catalog: every folder ken/<room>/<thing>/ whose <thing>.c defines ken_<thing>_things.
# Explicit, so static linking never loses a thing and no constructor runs.
set(KEN_ROOM_ORDER core kernels math data optim io stats metrics preprocess baseline linear neighbors tree boosting ensemble anomaly
  select explain report)

function(ken_write_catalog output sources)
  set(externs "")
  set(rows "")
  set(ordered "")
  foreach(room IN LISTS KEN_ROOM_ORDER)
    foreach(source IN LISTS sources)
      if(source MATCHES "/ken/${room}/")
        list(APPEND ordered ${source})
      endif()
    endforeach()
  endforeach()
  list(APPEND ordered ${sources})
  list(REMOVE_DUPLICATES ordered)
  foreach(source IN LISTS ordered)
    if(source MATCHES "/ken/([^/]+)/([^/]+)/([^/]+)\\.c$" AND CMAKE_MATCH_2 STREQUAL CMAKE_MATCH_3)
      set(room ${CMAKE_MATCH_1})
      set(thing ${CMAKE_MATCH_2})
      file(STRINGS ${source} exported REGEX "ken_${thing}_things\\[\\]")
      set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
      if(exported)
        string(APPEND externs "extern const ken_desc *const ken_${thing}_things[];\n")
        string(APPEND rows "    {\"${room}\", ken_${thing}_things},\n")
      endif()
    endif()
  endforeach()
  set(text "/* Written by the build from the folders of ken/. */
#include \"ken/core/catalog.h\"

${externs}
const ken_catalog_folder ken_catalog_folders[] = {
${rows}    {NULL, NULL},
};
")
  file(GENERATE OUTPUT ${output} CONTENT "${text}")
endfunction()
