# laurel_embed(ROOM SYMBOL DIR PATTERN): compiles the files of DIR into laurel_ROOM as
#   extern const struct blob SYMBOL[]; extern const size_t SYMBOL_count;   (sorted by name)
# A small C program of ours writes the bytes, so the build needs nothing but a compiler.
add_executable(laurel_embed_tool ${CMAKE_SOURCE_DIR}/conf/build/embed.c)
set_target_properties(laurel_embed_tool PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tool)

function(laurel_embed room symbol dir pattern)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${dir}/${pattern})
  set(out ${CMAKE_BINARY_DIR}/embed/${symbol}.c)
  add_custom_command(OUTPUT ${out}
    COMMAND laurel_embed_tool ${symbol} ${out} ${files}
    DEPENDS laurel_embed_tool ${files} VERBATIM)
  target_sources(laurel_${room} PRIVATE ${out})
endfunction()
