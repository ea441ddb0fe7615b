// What the dynamic loader reads of a shared object: its dynamic table and symbols.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plugin/elf_file.hpp"

namespace noa::plugin {

struct DynamicTable {
    std::string soname;
    std::vector<std::string> needed;
    std::vector<std::string> search;  // RPATH and RUNPATH
    std::vector<std::string> filters; // FILTER and AUXILIARY
    std::uint64_t flags = 0;
    std::uint64_t flags_1 = 0;
    bool text_relocations = false;
    std::uint64_t text_offset = 0; // of the string table, in the file
    std::uint64_t text_size = 0;
    std::uint64_t symbols = 0; // addresses; 0: absent
    std::uint64_t gnu_hash = 0;
    std::uint64_t hash = 0;
};

[[nodiscard]] Result<DynamicTable> read_dynamic(const ElfFile& file);

struct Exports {
    bool entry = false;              // a function of the entry's name, in executable bytes
    std::vector<std::string> others; // the first few of the names that are exported besides
    std::uint64_t other_count = 0;
    std::vector<std::string> unique; // the first few STB_GNU_UNIQUE
    std::uint64_t unique_count = 0;
};

[[nodiscard]] Result<Exports> read_exports(const ElfFile& file, const DynamicTable& table);

} // namespace noa::plugin
