# What cmake --install puts where: the programs, the library (libtroth.a, and libtroth.so with
# TROTH_SHARED), its headers, pkg-config and CMake files, manual pages, completions, the service.

set(TROTH_SYSTEMD_DIR lib/systemd/system CACHE STRING "Where the service goes")

# One archive of the core and its backend: they call each other.
add_library(libtroth STATIC $<TARGET_OBJECTS:troth_core> $<TARGET_OBJECTS:troth_crypto_openssl>)
set_target_properties(libtroth PROPERTIES OUTPUT_NAME troth)
set(troth_libraries libtroth)

if(TROTH_SHARED)
    # Its own objects, position-independent. Of the core only what include/troth/ declares is seen.
    set(map ${PROJECT_SOURCE_DIR}/cmake/libtroth.map)
    add_library(libtroth_shared SHARED ${core_sources} ${openssl_sources})
    target_compile_options(libtroth_shared PRIVATE ${TROTH_WARNINGS})
    target_include_directories(libtroth_shared PRIVATE include src ${NANOPB_INCLUDE})
    target_link_libraries(libtroth_shared PRIVATE ${NANOPB_LIBRARY} PkgConfig::LIBCRYPTO)
    target_link_options(libtroth_shared PRIVATE -Wl,--version-script=${map} -Wl,--no-undefined)
    set_target_properties(libtroth_shared PROPERTIES
                          OUTPUT_NAME troth VERSION ${PROJECT_VERSION}
                          SOVERSION ${PROJECT_VERSION_MAJOR} LINK_DEPENDS ${map})
    list(APPEND troth_libraries libtroth_shared)
    set(TROTH_PC_PRIVATE .private)
    set(TROTH_PC_LIBS_PRIVATE "Libs.private: -lprotobuf-nanopb")
else()
    set(TROTH_PC_LIBS " -lprotobuf-nanopb")
endif()

install(TARGETS ${troth_libraries}
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/troth DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

# Relative to itself, so that cmake --install --prefix and staged trees just work.
set(pc_dir ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH TROTH_PC_PREFIX ${pc_dir} ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/troth.pc.in troth.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/troth.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

include(CMakePackageConfigHelpers)
set(cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/troth)
configure_package_config_file(cmake/troth-config.cmake.in troth-config.cmake
                              INSTALL_DESTINATION ${cmake_dir}
                              PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(troth-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/troth-config.cmake
              ${PROJECT_BINARY_DIR}/troth-config-version.cmake
        DESTINATION ${cmake_dir})

install(TARGETS troth RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS trothd RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})

# The programs' own tables make their manual pages, so a cross build has only the written ones.
install(DIRECTORY packaging/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man3
        FILES_MATCHING PATTERN "*.3")
install(DIRECTORY packaging/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man5
        FILES_MATCHING PATTERN "*.5")
if(NOT CMAKE_CROSSCOMPILING)
    set(man ${PROJECT_BINARY_DIR}/man)
    add_custom_command(OUTPUT ${man}/stamp
                       COMMAND ${PROJECT_SOURCE_DIR}/scripts/make-man
                               $<TARGET_FILE:troth> $<TARGET_FILE:trothd> ${man}
                       COMMAND ${CMAKE_COMMAND} -E touch ${man}/stamp
                       DEPENDS troth trothd ${PROJECT_SOURCE_DIR}/scripts/make-man
                       COMMENT "Writing the manual pages")
    add_custom_target(man ALL DEPENDS ${man}/stamp)
    install(DIRECTORY ${man}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
            FILES_MATCHING PATTERN "*.1")
    install(DIRECTORY ${man}/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man8
            FILES_MATCHING PATTERN "*.8")
endif()

set(completion packaging/completion)
install(FILES ${completion}/troth.bash RENAME troth
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${completion}/troth.bash RENAME trothd
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${completion}/_troth DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${completion}/troth.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES ${completion}/troth.fish RENAME trothd.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

install(FILES packaging/systemd/trothd.service DESTINATION ${TROTH_SYSTEMD_DIR})
install(FILES packaging/systemd/troth.sysusers RENAME troth.conf
        DESTINATION lib/sysusers.d)
install(FILES packaging/dbus/troth.conf DESTINATION ${CMAKE_INSTALL_DATADIR}/dbus-1/system.d)
install(FILES packaging/polkit/50-troth.rules DESTINATION ${CMAKE_INSTALL_DATADIR}/polkit-1/rules.d)
install(FILES packaging/config/troth.conf DESTINATION ${CMAKE_INSTALL_SYSCONFDIR}/troth)
