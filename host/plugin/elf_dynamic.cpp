#include "plugin/elf_dynamic.hpp"

#include <algorithm>

#include "noa/plugin.h"
#include "plugin/text.hpp"

namespace noa::plugin {

namespace {

constexpr std::size_t names_told = 3;
constexpr std::size_t name_told_max = 120;
constexpr std::size_t texts_max = 128;

struct RawDynamic {
    std::vector<GElf_Dyn> entries;
    [[nodiscard]] std::optional<std::uint64_t> value(std::int64_t tag) const noexcept {
        for (const auto& entry : entries) {
            if (entry.d_tag == tag) {
                return entry.d_un.d_val;
            }
        }
        return std::nullopt;
    }
};

Result<RawDynamic> read_raw(const ElfFile& file) {
    const auto segment = file.only_segment(PT_DYNAMIC, "dynamic segments");
    if (!segment) {
        return Failure(segment.error());
    }
    // The loader goes by the address; a file whose offset disagrees would be two files in one.
    const auto mapped = file.offset_of(segment->p_vaddr, segment->p_filesz);
    if (mapped != segment->p_offset) {
        return file.refuse(differs("dynamic segment", "inside a loaded segment", "elsewhere"));
    }
    Elf_Data* data = file.data(segment->p_offset, segment->p_filesz, ELF_T_DYN);
    const std::uint64_t count = segment->p_filesz / sizeof(Elf64_Dyn);
    RawDynamic raw;
    for (std::uint64_t i = 0; data != nullptr && i < count; ++i) {
        GElf_Dyn entry;
        if (gelf_getdyn(data, static_cast<int>(i), &entry) == nullptr) {
            break;
        }
        if (entry.d_tag == DT_NULL) {
            return raw;
        }
        raw.entries.push_back(entry);
    }
    return file.refuse(differs("dynamic table", "an end (DT_NULL)", "none"));
}

Result<void> read_texts(const ElfFile& file, const RawDynamic& raw, DynamicTable& table) {
    std::size_t total = 0;
    for (const auto& entry : raw.entries) {
        std::vector<std::string>* list = nullptr;
        switch (entry.d_tag) {
        case DT_NEEDED: list = &table.needed; break;
        case DT_RPATH:
        case DT_RUNPATH: list = &table.search; break;
        case DT_FILTER:
        case DT_AUXILIARY: list = &table.filters; break;
        case DT_SONAME: break;
        default: continue;
        }
        const auto text = file.text_in(table.text_offset, table.text_size, entry.d_un.d_val);
        if (!text || ++total > texts_max) {
            return file.refuse(differs(
                "dynamic table",
                "at most " + std::to_string(texts_max) + " names inside the string table",
                "tag " + std::to_string(entry.d_tag) + " at " + std::to_string(entry.d_un.d_val)));
        }
        if (list == nullptr) {
            table.soname = printable(*text, text->size());
        } else {
            list->push_back(printable(*text, text->size()));
        }
    }
    return {};
}

// One more than the highest index that a lookup can reach; nothing when the table is broken.
std::optional<std::uint64_t> count_by_gnu_hash(const ElfFile& file, std::uint64_t at) {
    const auto buckets = file.word_at(at);
    const auto first = file.word_at(at + 4);
    const auto filter_words = file.word_at(at + 8);
    if (!buckets || !first || !filter_words) {
        return std::nullopt;
    }
    const std::uint64_t bucket_at = at + 16 + std::uint64_t{*filter_words} * 8;
    if (!file.offset_of(bucket_at, std::uint64_t{*buckets} * 4)) {
        return std::nullopt;
    }
    std::uint64_t last = 0;
    for (std::uint64_t i = 0; i < *buckets; ++i) {
        last = std::max<std::uint64_t>(last, file.word_at(bucket_at + i * 4).value_or(0));
    }
    if (last < *first) {
        return *first;
    }
    const std::uint64_t chain_at = bucket_at + std::uint64_t{*buckets} * 4;
    while (true) {
        const auto link = file.word_at(chain_at + (last - *first) * 4);
        if (!link) {
            return std::nullopt;
        }
        ++last;
        if ((*link & 1U) != 0) {
            return last;
        }
    }
}

Result<std::uint64_t> count_symbols(const ElfFile& file, const DynamicTable& table) {
    std::optional<std::uint64_t> count;
    if (table.gnu_hash != 0) {
        count = count_by_gnu_hash(file, table.gnu_hash);
    } else if (table.hash != 0) {
        count = file.word_at(table.hash + 4);
    } else {
        return file.refuse(differs("symbol hash table", "DT_GNU_HASH or DT_HASH", "neither"));
    }
    if (!count) {
        return file.refuse(differs("symbol hash table", "inside the file", "a piece outside"));
    }
    return *count;
}

bool is_exported(const GElf_Sym& symbol) noexcept {
    const auto binding = GELF_ST_BIND(symbol.st_info);
    const auto visibility = GELF_ST_VISIBILITY(symbol.st_other);
    return symbol.st_shndx != SHN_UNDEF &&
           (binding == STB_GLOBAL || binding == STB_WEAK || binding == STB_GNU_UNIQUE) &&
           (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

bool is_code(const ElfFile& file, std::uint64_t address) noexcept {
    const auto& segments = file.segments();
    return std::any_of(segments.begin(), segments.end(), [address](const GElf_Phdr& segment) {
        return segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0 &&
               address >= segment.p_vaddr && address - segment.p_vaddr < segment.p_filesz;
    });
}

void remember(std::vector<std::string>& names, std::uint64_t& count, std::string_view name) {
    ++count;
    if (names.size() < names_told) {
        names.push_back(printable(name, name_told_max));
    }
}

Result<void> add_symbol(const ElfFile& file, const DynamicTable& table, const GElf_Sym& symbol,
                        Exports& exports) {
    const auto name = file.text_in(table.text_offset, table.text_size, symbol.st_name);
    if (GELF_ST_BIND(symbol.st_info) == STB_GNU_UNIQUE) {
        remember(exports.unique, exports.unique_count, name.value_or("?"));
        return {};
    }
    if (name != NOA_PLUGIN_ENTRY_NAME) {
        remember(exports.others, exports.other_count, name.value_or("?"));
        return {};
    }
    if (GELF_ST_TYPE(symbol.st_info) != STT_FUNC || !is_code(file, symbol.st_value)) {
        return file.refuse(differs(NOA_PLUGIN_ENTRY_NAME, "a function in an executable segment",
                                   "type " + std::to_string(GELF_ST_TYPE(symbol.st_info))));
    }
    exports.entry = true;
    return {};
}

} // namespace

Result<DynamicTable> read_dynamic(const ElfFile& file) {
    const auto raw = read_raw(file);
    if (!raw) {
        return Failure(raw.error());
    }
    DynamicTable table;
    const auto text_address = raw->value(DT_STRTAB).value_or(0);
    table.text_size = raw->value(DT_STRSZ).value_or(0);
    const auto text_offset = file.offset_of(text_address, table.text_size);
    if (text_address == 0 || !text_offset) {
        return file.refuse(differs("string table", "inside a loaded segment",
                                   "address " + std::to_string(text_address) + ", size " +
                                       std::to_string(table.text_size)));
    }
    table.text_offset = *text_offset;
    table.flags = raw->value(DT_FLAGS).value_or(0);
    table.flags_1 = raw->value(DT_FLAGS_1).value_or(0);
    table.text_relocations = raw->value(DT_TEXTREL).has_value() || (table.flags & DF_TEXTREL) != 0;
    table.symbols = raw->value(DT_SYMTAB).value_or(0);
    table.gnu_hash = raw->value(DT_GNU_HASH).value_or(0);
    table.hash = raw->value(DT_HASH).value_or(0);
    if (auto read = read_texts(file, *raw, table); !read) {
        return Failure(read.error());
    }
    return table;
}

Result<Exports> read_exports(const ElfFile& file, const DynamicTable& table) {
    const auto count = count_symbols(file, table);
    if (!count) {
        return Failure(count.error());
    }
    constexpr std::uint64_t limit = INT32_MAX / sizeof(Elf64_Sym);
    const auto offset =
        *count <= limit ? file.offset_of(table.symbols, *count * sizeof(Elf64_Sym)) : std::nullopt;
    Elf_Data* data = table.symbols == 0 || !offset
                         ? nullptr
                         : file.data(*offset, *count * sizeof(Elf64_Sym), ELF_T_SYM);
    if (data == nullptr) {
        return file.refuse(
            differs("symbol table", "inside a loaded segment",
                    std::to_string(*count) + " symbols at " + std::to_string(table.symbols)));
    }
    Exports exports;
    for (std::uint64_t i = 0; i < *count; ++i) {
        GElf_Sym symbol;
        if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) {
            return file.refuse("symbol " + std::to_string(i) + ": libelf cannot read it");
        }
        if (!is_exported(symbol)) {
            continue;
        }
        if (auto added = add_symbol(file, table, symbol, exports); !added) {
            return Failure(added.error());
        }
    }
    return exports;
}

} // namespace noa::plugin
