# How Troth's libraries and programs are made: the same warnings for all of them, and a target for
# each part of the tree even while it has no source, so that dependants need not ask.

set(TROTH_WARNINGS
    -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
    -Wcast-qual -Wwrite-strings -Wvla $<$<BOOL:${TROTH_WERROR}>:-Werror>)

function(troth_library name) # name [source...]
    if(ARGN)
        add_library(${name} STATIC ${ARGN})
        target_compile_options(${name} PRIVATE ${TROTH_WARNINGS})
    else()
        add_library(${name} INTERFACE)
    endif()
endfunction()

function(troth_has_code variable name)
    get_target_property(type ${name} TYPE)
    if(type STREQUAL INTERFACE_LIBRARY)
        set(${variable} FALSE PARENT_SCOPE)
    else()
        set(${variable} TRUE PARENT_SCOPE)
    endif()
endfunction()

# What a library needs and hands on to its dependants. GNU asks for the C library's extensions for
# its own sources only; the core must not see them.
function(troth_link name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "GNU" "" "INCLUDE;LIBS")
    troth_has_code(has_code ${name})
    if(has_code)
        set(scope PUBLIC)
        if(arg_GNU)
            target_compile_definitions(${name} PRIVATE _GNU_SOURCE=)
        endif()
    else()
        set(scope INTERFACE)
    endif()
    list(TRANSFORM arg_INCLUDE REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/\\1")
    target_include_directories(${name} ${scope} ${arg_INCLUDE})
    target_link_libraries(${name} ${scope} ${arg_LIBS})
endfunction()

# A program made of every source of one folder, once it has any.
function(troth_program name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "SOURCES" "LIBS")
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${arg_SOURCES}/*.c)
    if(NOT sources)
        return()
    endif()
    add_executable(${name} ${sources})
    target_compile_options(${name} PRIVATE ${TROTH_WARNINGS})
    target_compile_definitions(${name} PRIVATE _GNU_SOURCE= TROTH_VERSION="${PROJECT_VERSION}")
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/${arg_SOURCES})
    target_link_libraries(${name} PRIVATE ${arg_LIBS})
endfunction()
