# nightjar_embed(TARGET FUNCTION file...): the files become part of the target, as a function
#   std::vector<std::pair<std::string_view, std::string_view>> FUNCTION()   (name without folder, content)
# which the target declares in a header of its own. FUNCTION is qualified: nightjar::store::migration_files.
# Run as a script (OUT, FUNCTION, FILES set), this file writes the source.
if(CMAKE_SCRIPT_MODE_FILE)
  set(delimiter "_embedded_")
  string(REGEX REPLACE "::[^:]*$" "" namespace "${FUNCTION}")
  string(REGEX REPLACE "^.*::" "" name "${FUNCTION}")
  set(text "#include <string_view>\n#include <utility>\n#include <vector>\n")
  string(APPEND text "namespace ${namespace} {\n")
  string(APPEND text "std::vector<std::pair<std::string_view, std::string_view>> ${name}();\n")
  string(APPEND text "std::vector<std::pair<std::string_view, std::string_view>> ${name}() {\n  return {\n")
  string(REPLACE "|" ";" FILES "${FILES}")
  foreach(file IN LISTS FILES)
    file(READ "${file}" hex HEX)
    get_filename_component(base "${file}" NAME)
    # Read as hex: a CMake string would lose brackets and semicolons of the content.
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
    string(MAKE_C_IDENTIFIER "${base}" id)
    string(PREPEND text "static const char ${id}[] = {${bytes}'\\0'};\n")
    string(APPEND text "      {\"${base}\", {${id}, sizeof ${id} - 1}},\n")
  endforeach()
  string(APPEND text "  };\n}\n}  // namespace ${namespace}\n")
  file(WRITE "${OUT}" "${text}")
  return()
endif()

set(NIGHTJAR_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")
function(nightjar_embed target function)
  string(REPLACE "::" "_" stem "${function}")
  set(out "${CMAKE_CURRENT_BINARY_DIR}/${stem}.cpp")
  string(REPLACE ";" "|" files "${ARGN}")
  add_custom_command(OUTPUT "${out}"
    COMMAND "${CMAKE_COMMAND}" "-DOUT=${out}" "-DFUNCTION=${function}" "-DFILES=${files}"
            -P "${NIGHTJAR_EMBED_SCRIPT}"
    DEPENDS ${ARGN} "${NIGHTJAR_EMBED_SCRIPT}" VERBATIM)
  target_sources(${target} PRIVATE "${out}")
endfunction()
