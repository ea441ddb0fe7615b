#include "plugin/elf_file.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "plugin/text.hpp"

namespace noa::plugin {

namespace {

static_assert(sizeof(void*) == 8, "noa runs on 64-bit machines");

#if defined(__x86_64__)
constexpr std::uint16_t this_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr std::uint16_t this_machine = EM_AARCH64;
#elif defined(__riscv)
constexpr std::uint16_t this_machine = EM_RISCV;
#elif defined(__powerpc64__)
constexpr std::uint16_t this_machine = EM_PPC64;
#elif defined(__s390x__)
constexpr std::uint16_t this_machine = EM_S390;
#endif

constexpr std::uint8_t this_order =
    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
constexpr std::uint16_t segments_max = 64;
constexpr std::uint64_t text_max = 4096; // millions of symbols may share one endless text
constexpr std::uint64_t image_max = std::uint64_t{1} << 30U;

std::string machine_name(std::uint16_t machine) {
    const auto number = " (" + std::to_string(machine) + ")";
    switch (machine) {
    case EM_X86_64: return "x86-64" + number;
    case EM_386: return "x86" + number;
    case EM_AARCH64: return "AArch64" + number;
    case EM_ARM: return "ARM" + number;
    case EM_RISCV: return "RISC-V" + number;
    case EM_PPC64: return "PPC64" + number;
    case EM_S390: return "S390" + number;
    default: return "machine" + number;
    }
}

std::string class_name(unsigned char value) {
    switch (value) {
    case ELFCLASS32: return "32-bit";
    case ELFCLASS64: return "64-bit";
    default: return std::to_string(value);
    }
}

std::string type_name(std::uint16_t type) {
    switch (type) {
    case ET_REL: return "an object file";
    case ET_EXEC: return "a program";
    case ET_CORE: return "a core dump";
    default: return std::to_string(type);
    }
}

} // namespace

ElfFile::ElfFile(std::span<const std::byte> bytes, std::string name)
    : bytes_(bytes), name_(std::move(name)) {}

Failure ElfFile::refuse(std::string reason, std::string advice) const {
    return fail(Errc::refused, "scan plugin", name_, std::move(reason), std::move(advice));
}

Result<ElfFile> ElfFile::open(std::span<const std::byte> bytes, std::string name) {
    static const bool ready = elf_version(EV_CURRENT) != EV_NONE;
    ElfFile file(bytes, std::move(name));
    if (!ready) {
        return fail(Errc::internal, "scan plugin", file.name_, "libelf is of another version");
    }
    if (auto checked = file.check_identity(); !checked) {
        return Failure(checked.error());
    }
    if (auto checked = file.check_header(); !checked) {
        return Failure(checked.error());
    }
    if (auto checked = file.check_tables(); !checked) {
        return Failure(checked.error());
    }
    if (auto checked = file.check_sections(); !checked) {
        return Failure(checked.error());
    }
    // libelf takes a writable image but only reads it.
    auto* image = const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));
    file.elf_.reset(elf_memory(image, bytes.size()));
    if (file.elf_ == nullptr || elf_kind(file.elf_.get()) != ELF_K_ELF) {
        return file.refuse("libelf cannot read it");
    }
    if (auto read = file.read_segments(); !read) {
        return Failure(read.error());
    }
    return file;
}

Result<void> ElfFile::check_identity() const {
    if (bytes_.size() < sizeof(Elf64_Ehdr)) {
        return refuse(differs("size", "at least " + std::to_string(sizeof(Elf64_Ehdr)) + " bytes",
                              std::to_string(bytes_.size())),
                      "copy the file again");
    }
    unsigned char ident[EI_NIDENT];
    std::memcpy(ident, bytes_.data(), sizeof ident);
    if (std::memcmp(ident, ELFMAG, SELFMAG) != 0) {
        return refuse(differs("magic", "\\x7fELF", "no shared object"));
    }
    if (ident[EI_CLASS] != ELFCLASS64) {
        return refuse(differs("class", "64-bit", class_name(ident[EI_CLASS])));
    }
    if (ident[EI_DATA] != this_order) {
        return refuse(
            differs("byte order", std::to_string(this_order), std::to_string(ident[EI_DATA])));
    }
    if (ident[EI_VERSION] != EV_CURRENT) {
        return refuse(
            differs("ELF version", std::to_string(EV_CURRENT), std::to_string(ident[EI_VERSION])));
    }
    if (ident[EI_OSABI] != ELFOSABI_NONE && ident[EI_OSABI] != ELFOSABI_GNU) {
        return refuse(differs("OS ABI", "System V or GNU", std::to_string(ident[EI_OSABI])));
    }
    return {};
}

Result<void> ElfFile::check_header() {
    std::memcpy(&header_, bytes_.data(), sizeof header_);
    if (header_.e_machine != this_machine) {
        return refuse(
            differs("machine", machine_name(this_machine), machine_name(header_.e_machine)),
            "build it for this machine");
    }
    if (header_.e_type != ET_DYN) {
        return refuse(differs("type", "a shared object", type_name(header_.e_type)));
    }
    if (header_.e_version != EV_CURRENT) {
        return refuse(
            differs("ELF version", std::to_string(EV_CURRENT), std::to_string(header_.e_version)));
    }
    return {};
}

Result<void> ElfFile::check_tables() const {
    const std::string size = std::to_string(bytes_.size());
    if (header_.e_phentsize != sizeof(Elf64_Phdr) || header_.e_phnum == 0 ||
        header_.e_phnum > segments_max) {
        return refuse(differs(
            "program headers", "1 to " + std::to_string(segments_max) + " of 56 bytes",
            std::to_string(header_.e_phnum) + " of " + std::to_string(header_.e_phentsize)));
    }
    if (!inside(header_.e_phoff, sizeof(Elf64_Phdr) * header_.e_phnum)) {
        return refuse(differs("program headers", "inside the file's " + size + " bytes",
                              "offset " + std::to_string(header_.e_phoff)),
                      "copy the file again");
    }
    const bool none = header_.e_shnum == 0 && header_.e_shoff == 0;
    if (!none && (header_.e_shnum == 0 || header_.e_shentsize != sizeof(Elf64_Shdr))) {
        return refuse(differs("section headers", "none, or 1 to 65279 of 64 bytes",
                              std::to_string(header_.e_shnum) + " of " +
                                  std::to_string(header_.e_shentsize)));
    }
    if (!inside(header_.e_shoff, sizeof(Elf64_Shdr) * header_.e_shnum)) {
        return refuse(differs("section headers", "inside the file's " + size + " bytes",
                              "offset " + std::to_string(header_.e_shoff)),
                      "copy the file again");
    }
    if (header_.e_shstrndx != SHN_UNDEF && header_.e_shstrndx >= header_.e_shnum) {
        return refuse(differs("section names", "an index under " + std::to_string(header_.e_shnum),
                              std::to_string(header_.e_shstrndx)));
    }
    return {};
}

Result<void> ElfFile::check_sections() const {
    for (std::uint64_t i = 0; i < header_.e_shnum; ++i) {
        Elf64_Shdr section;
        std::memcpy(&section, bytes_.data() + header_.e_shoff + i * sizeof section, sizeof section);
        const bool in_file = section.sh_type != SHT_NULL && section.sh_type != SHT_NOBITS;
        if (in_file && !inside(section.sh_offset, section.sh_size)) {
            return refuse(differs("section " + std::to_string(i),
                                  "inside the file's " + std::to_string(bytes_.size()) + " bytes",
                                  "offset " + std::to_string(section.sh_offset) + ", size " +
                                      std::to_string(section.sh_size)),
                          "copy the file again");
        }
    }
    return {};
}

Result<void> ElfFile::read_segments() {
    for (int i = 0; i < static_cast<int>(header_.e_phnum); ++i) {
        GElf_Phdr segment;
        if (gelf_getphdr(elf_.get(), i, &segment) == nullptr) {
            return refuse("program header " + std::to_string(i) + ": libelf cannot read it");
        }
        if (segment.p_type != PT_NULL && !inside(segment.p_offset, segment.p_filesz)) {
            return refuse(differs("segment " + std::to_string(i),
                                  "inside the file's " + std::to_string(bytes_.size()) + " bytes",
                                  "offset " + std::to_string(segment.p_offset) + ", size " +
                                      std::to_string(segment.p_filesz)),
                          "copy the file again");
        }
        segments_.push_back(segment);
    }
    return check_loads();
}

// The loader maps PT_LOADs as it finds them, ascending; it does not check that they are.
Result<void> ElfFile::check_loads() const {
    std::uint64_t end = 0;
    bool any = false;
    for (const auto& segment : segments_) {
        if (segment.p_type != PT_LOAD) {
            continue;
        }
        if (segment.p_memsz < segment.p_filesz) {
            return refuse(differs("segment memory", "at least " + std::to_string(segment.p_filesz),
                                  std::to_string(segment.p_memsz)));
        }
        if (segment.p_vaddr > image_max || segment.p_memsz > image_max - segment.p_vaddr) {
            return refuse(differs(
                "segment address", "under " + std::to_string(image_max) + " in all",
                std::to_string(segment.p_vaddr) + ", size " + std::to_string(segment.p_memsz)));
        }
        if (any && segment.p_vaddr < end) {
            return refuse(differs("segment address", "at least " + std::to_string(end),
                                  std::to_string(segment.p_vaddr)));
        }
        end = segment.p_vaddr + segment.p_memsz;
        any = true;
    }
    return any ? Result<void>{} : refuse(differs("segments to load", "at least 1", "0"));
}

Result<GElf_Phdr> ElfFile::only_segment(std::uint32_t type, std::string_view field) const {
    const GElf_Phdr* found = nullptr;
    std::size_t count = 0;
    for (const auto& segment : segments_) {
        if (segment.p_type == type) {
            found = &segment;
            ++count;
        }
    }
    if (count != 1) {
        return refuse(differs(field, "1", std::to_string(count)));
    }
    return *found;
}

std::optional<std::uint64_t> ElfFile::offset_of(std::uint64_t address,
                                                std::uint64_t size) const noexcept {
    for (const auto& segment : segments_) {
        if (segment.p_type != PT_LOAD || address < segment.p_vaddr) {
            continue;
        }
        const std::uint64_t within = address - segment.p_vaddr;
        if (within <= segment.p_filesz && size <= segment.p_filesz - within) {
            return segment.p_offset + within;
        }
    }
    return std::nullopt;
}

std::optional<std::uint32_t> ElfFile::word_at(std::uint64_t address) const noexcept {
    const auto offset = offset_of(address, sizeof(std::uint32_t));
    if (!offset) {
        return std::nullopt;
    }
    std::uint32_t word = 0;
    std::memcpy(&word, bytes_.data() + *offset, sizeof word);
    return word;
}

std::optional<std::string_view> ElfFile::text_in(std::uint64_t offset, std::uint64_t size,
                                                 std::uint64_t at) const noexcept {
    if (!inside(offset, size) || at >= size) {
        return std::nullopt;
    }
    const auto* begin = reinterpret_cast<const char*>(bytes_.data()) + offset + at;
    const std::size_t limit = std::min<std::uint64_t>(size - at, text_max);
    const std::size_t length = ::strnlen(begin, limit);
    if (length == limit) {
        return std::nullopt;
    }
    return std::string_view(begin, length);
}

Elf_Data* ElfFile::data(std::uint64_t offset, std::uint64_t size, Elf_Type type) const {
    return elf_getdata_rawchunk(elf_.get(), static_cast<std::int64_t>(offset), size, type);
}

} // namespace noa::plugin
