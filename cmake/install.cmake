# `cmake --install`: program, libraries, headers under include/ken/, pkg-config, CMake package, man pages.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(targets ken_static)
if(TARGET ken_shared)
  list(APPEND targets ken_shared)
endif()
install(TARGETS ${targets} EXPORT ken_targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/ken DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h" PATTERN "*_internal.h" EXCLUDE PATTERN "banned.h" EXCLUDE
  PATTERN "isa" EXCLUDE PATTERN "html" EXCLUDE PATTERN "assets" EXCLUDE PATTERN "golden" EXCLUDE)

set(KEN_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/ken)
install(EXPORT ken_targets NAMESPACE ken:: DESTINATION ${KEN_CMAKE_DIR})
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/kenConfig.cmake.in
  ${CMAKE_BINARY_DIR}/kenConfig.cmake INSTALL_DESTINATION ${KEN_CMAKE_DIR})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/kenConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/kenConfig.cmake ${CMAKE_BINARY_DIR}/kenConfigVersion.cmake
  DESTINATION ${KEN_CMAKE_DIR})

if(ZLIB_FOUND)
  set(KEN_PC_REQUIRES zlib)
endif()
# The prefix is found from where the file lies, so that an installed tree can be moved.
file(RELATIVE_PATH KEN_PC_UP /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_SOURCE_DIR}/cmake/ken.pc.in ${CMAKE_BINARY_DIR}/ken.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/ken.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

if(TARGET ken)
  install(TARGETS ken RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  if(TARGET ken-learn)
    install(TARGETS ken-learn RUNTIME DESTINATION libexec/ken)
  endif()
  if(TARGET ken-kernel)
    install(TARGETS ken-kernel RUNTIME DESTINATION libexec/ken)
    install(FILES ${CMAKE_SOURCE_DIR}/kernel/include/ken/notebook.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ken)
  endif()
  # The hub, where `make hub` has built it.
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/build/hub/site/ DESTINATION ${CMAKE_INSTALL_DATADIR}/ken/hub OPTIONAL)
  # Man pages and completions come from the program's own tables.
  install(CODE "
    set(prefix \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}\")
    set(program \"${CMAKE_BINARY_DIR}/ken\")
    file(MAKE_DIRECTORY \"\${prefix}/${CMAKE_INSTALL_MANDIR}/man1\")
    execute_process(COMMAND \"\${program}\" man OUTPUT_FILE \"\${prefix}/${CMAKE_INSTALL_MANDIR}/man1/ken.1\")
    foreach(command describe train compare predict evaluate explain plot models data kernel learn quiz version help)
      execute_process(COMMAND \"\${program}\" man \${command}
        OUTPUT_FILE \"\${prefix}/${CMAKE_INSTALL_MANDIR}/man1/ken-\${command}.1\")
    endforeach()
    file(MAKE_DIRECTORY \"\${prefix}/${CMAKE_INSTALL_DATADIR}/bash-completion/completions\")
    execute_process(COMMAND \"\${program}\" completion bash
      OUTPUT_FILE \"\${prefix}/${CMAKE_INSTALL_DATADIR}/bash-completion/completions/ken\")
    file(MAKE_DIRECTORY \"\${prefix}/${CMAKE_INSTALL_DATADIR}/zsh/site-functions\")
    execute_process(COMMAND \"\${program}\" completion zsh
      OUTPUT_FILE \"\${prefix}/${CMAKE_INSTALL_DATADIR}/zsh/site-functions/_ken\")
    file(MAKE_DIRECTORY \"\${prefix}/${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d\")
    execute_process(COMMAND \"\${program}\" completion fish
      OUTPUT_FILE \"\${prefix}/${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d/ken.fish\")")
endif()
