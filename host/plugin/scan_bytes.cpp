#include "plugin/scan_bytes.hpp"

#include <cstring>

#include "noa/plugin.h"
#include "plugin/elf_dynamic.hpp"
#include "plugin/elf_file.hpp"
#include "plugin/text.hpp"

namespace noa::plugin {

namespace {

constexpr std::uint64_t notes_max = std::uint64_t{256} * 1024;
constexpr std::string_view build_advice =
    "build it with the flags that `pkg-config noa-plugin` gives";

std::string joined(const std::vector<std::string>& names, std::uint64_t count) {
    std::string out;
    for (const auto& name : names) {
        out += (out.empty() ? "" : ", ") + name;
    }
    if (count > names.size()) {
        out += " and " + std::to_string(count - names.size()) + " more";
    }
    return out;
}

// Looks through one PT_NOTE; `note` is filled by the first of ours, `count` counts them.
Result<void> read_notes(const ElfFile& file, const GElf_Phdr& segment, noa_note& note, int& count) {
    Elf_Data* data = file.data(segment.p_offset, segment.p_filesz,
                               segment.p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
    if (data == nullptr) {
        return {};
    }
    GElf_Nhdr header{};
    std::size_t name_at = 0;
    std::size_t field_at = 0;
    const auto* bytes = static_cast<const char*>(data->d_buf);
    const auto holds = [data](std::size_t at, std::size_t size) {
        return at <= data->d_size && size <= data->d_size - at;
    };
    for (std::size_t at = 0; (at = gelf_getnote(data, at, &header, &name_at, &field_at)) != 0;) {
        const bool ours = header.n_type == NOA_NOTE_TYPE &&
                          header.n_namesz == sizeof NOA_NOTE_OWNER &&
                          holds(name_at, header.n_namesz) && holds(field_at, header.n_descsz) &&
                          std::memcmp(bytes + name_at, NOA_NOTE_OWNER, sizeof NOA_NOTE_OWNER) == 0;
        if (!ours) {
            continue;
        }
        constexpr std::size_t wanted = sizeof note - offsetof(noa_note, abi_major);
        if (header.n_descsz < wanted) {
            return file.refuse(differs("note size", "at least " + std::to_string(wanted),
                                       std::to_string(header.n_descsz)));
        }
        if (count++ == 0) {
            std::memcpy(&note.abi_major, bytes + field_at, wanted);
        }
    }
    return {};
}

Result<void> check_note(const ElfFile& file, ScanFacts& facts) {
    noa_note note{};
    int count = 0;
    for (const auto& segment : file.segments()) {
        if (segment.p_type != PT_NOTE || segment.p_filesz == 0) {
            continue;
        }
        if (segment.p_filesz > notes_max) {
            return file.refuse(differs("note segment",
                                       "at most " + std::to_string(notes_max) + " bytes",
                                       std::to_string(segment.p_filesz)));
        }
        if (auto read = read_notes(file, segment, note, count); !read) {
            return read;
        }
    }
    if (count != 1) {
        return file.refuse(differs(NOA_NOTE_SECTION, "1 note", std::to_string(count)),
                           count == 0 ? "it is no noa plugin, or lacks NOA_PLUGIN_NOTE"
                                      : "use NOA_PLUGIN_NOTE once");
    }
    if (note.abi_major != NOA_ABI_MAJOR) {
        return file.refuse(
            differs("abi_major", std::to_string(NOA_ABI_MAJOR), std::to_string(note.abi_major)),
            "rebuild it against this host's header");
    }
    if (note.min_host_minor > NOA_ABI_MINOR) {
        return file.refuse(differs("min_host_minor", "at most " + std::to_string(NOA_ABI_MINOR),
                                   std::to_string(note.min_host_minor)),
                           "it needs a newer host");
    }
    facts.abi_major = note.abi_major;
    facts.abi_minor = note.abi_minor;
    facts.min_host_minor = note.min_host_minor;
    facts.flags = note.flags;
    return {};
}

Result<void> check_stack(const ElfFile& file) {
    const auto stack = file.only_segment(PT_GNU_STACK, "PT_GNU_STACK");
    if (!stack) {
        return Failure(stack.error());
    }
    if ((stack->p_flags & PF_X) != 0) {
        return file.refuse(differs("stack", "not executable", "executable"),
                           "link it with -Wl,-z,noexecstack");
    }
    return {};
}

Result<void> check_dynamic(const ElfFile& file, const DynamicTable& table) {
    if (table.text_relocations) {
        return file.refuse(differs("text relocations", "none", "some"), "compile it with -fPIC");
    }
    if ((table.flags_1 & DF_1_PIE) != 0) {
        return file.refuse(differs("type", "a shared object", "a program (DF_1_PIE)"));
    }
    if ((table.flags_1 & DF_1_NOOPEN) != 0) {
        return file.refuse(differs("DT_FLAGS_1", "no DF_1_NOOPEN", "DF_1_NOOPEN"),
                           "link it without -Wl,-z,nodlopen");
    }
    for (const auto* list : {&table.search, &table.needed, &table.filters}) {
        for (const auto& text : *list) {
            if (text.find("$ORIGIN") != std::string::npos ||
                text.find("${ORIGIN}") != std::string::npos) {
                return file.refuse(
                    differs("library search path", "no $ORIGIN", text.substr(0, 255)),
                    "a private copy is loaded from elsewhere: install its libraries where the "
                    "loader finds them, or link them statically");
            }
        }
    }
    return {};
}

Result<void> check_pinning(const ElfFile& file, const DynamicTable& table, const Exports& exports,
                           const ScanOptions& options, ScanFacts& facts) {
    for (const auto& name : exports.unique) {
        facts.pinning.push_back("unique symbol " + name);
    }
    if (exports.unique_count > exports.unique.size()) {
        facts.pinning.push_back(std::to_string(exports.unique_count - exports.unique.size()) +
                                " more unique symbols");
    }
    const bool nodelete = (table.flags_1 & DF_1_NODELETE) != 0;
    if (nodelete) {
        facts.pinning.emplace_back("DF_1_NODELETE");
    }
    if (options.allow_pinned || facts.pinning.empty()) {
        return {};
    }
    const std::string found = joined(facts.pinning, facts.pinning.size());
    return file.refuse(differs("pinning", "nothing that keeps it loaded", found),
                       exports.unique_count != 0
                           ? "compile it with -fno-gnu-unique and link it with noa-plugin.map, or "
                             "set allow_pinned"
                           : "link it without -Wl,-z,nodelete, or set allow_pinned");
}

Result<void> check_exports(const ElfFile& file, const Exports& exports) {
    if (!exports.entry) {
        return file.refuse(differs("exported symbols", NOA_PLUGIN_ENTRY_NAME,
                                   exports.other_count == 0
                                       ? "none"
                                       : joined(exports.others, exports.other_count)),
                           "define the entry with NOA_PLUGIN_EXPORT");
    }
    if (exports.other_count != 0) {
        return file.refuse(differs("exported symbols", "only " NOA_PLUGIN_ENTRY_NAME,
                                   "besides " + joined(exports.others, exports.other_count)),
                           std::string(build_advice));
    }
    return {};
}

} // namespace

Result<ScanFacts> scan_bytes(std::span<const std::byte> bytes, const std::string& name,
                             const ScanOptions& options) {
    const auto file = ElfFile::open(bytes, name);
    if (!file) {
        return Failure(file.error());
    }
    ScanFacts facts;
    if (auto checked = check_note(*file, facts); !checked) {
        return Failure(checked.error());
    }
    if (auto checked = check_stack(*file); !checked) {
        return Failure(checked.error());
    }
    const auto table = read_dynamic(*file);
    if (!table) {
        return Failure(table.error());
    }
    facts.soname = table->soname;
    facts.needed = table->needed;
    if (auto checked = check_dynamic(*file, *table); !checked) {
        return Failure(checked.error());
    }
    const auto exports = read_exports(*file, *table);
    if (!exports) {
        return Failure(exports.error());
    }
    if (auto checked = check_pinning(*file, *table, *exports, options, facts); !checked) {
        return Failure(checked.error());
    }
    if (auto checked = check_exports(*file, *exports); !checked) {
        return Failure(checked.error());
    }
    return facts;
}

} // namespace noa::plugin
