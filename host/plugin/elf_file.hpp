// An ELF file in memory, of which nothing is believed before it is checked.
#pragma once

#include <gelf.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace noa::plugin {

class ElfFile {
public:
    // A shared object for this machine whose headers, segments and sections lie inside the
    // file. `bytes` must outlive the result; `name` is for errors.
    [[nodiscard]] static Result<ElfFile> open(std::span<const std::byte> bytes, std::string name);

    [[nodiscard]] const std::vector<GElf_Phdr>& segments() const noexcept { return segments_; }
    // The only segment of a type; an error when there is none or more than one.
    [[nodiscard]] Result<GElf_Phdr> only_segment(std::uint32_t type, std::string_view field) const;

    [[nodiscard]] bool inside(std::uint64_t offset, std::uint64_t size) const noexcept {
        return offset <= bytes_.size() && size <= bytes_.size() - offset;
    }
    // Where `size` bytes at a virtual address lie in the file, when a PT_LOAD brings them there.
    [[nodiscard]] std::optional<std::uint64_t> offset_of(std::uint64_t address,
                                                         std::uint64_t size) const noexcept;
    [[nodiscard]] std::optional<std::uint32_t> word_at(std::uint64_t address) const noexcept;
    // A terminated text inside [offset, offset + size) of the file.
    [[nodiscard]] std::optional<std::string_view> text_in(std::uint64_t offset, std::uint64_t size,
                                                          std::uint64_t at) const noexcept;
    // REQUIRES: inside(offset, size). Lives as long as this object; null when libelf refuses.
    [[nodiscard]] Elf_Data* data(std::uint64_t offset, std::uint64_t size, Elf_Type type) const;

    [[nodiscard]] Failure refuse(std::string reason, std::string advice = {}) const;
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

private:
    struct End {
        void operator()(Elf* elf) const noexcept { elf_end(elf); }
    };

    ElfFile(std::span<const std::byte> bytes, std::string name);
    [[nodiscard]] Result<void> check_identity() const;
    [[nodiscard]] Result<void> check_header();
    [[nodiscard]] Result<void> check_tables() const;
    [[nodiscard]] Result<void> check_sections() const;
    [[nodiscard]] Result<void> read_segments();
    [[nodiscard]] Result<void> check_loads() const;

    std::span<const std::byte> bytes_;
    std::string name_;
    Elf64_Ehdr header_{};
    std::unique_ptr<Elf, End> elf_;
    std::vector<GElf_Phdr> segments_;
};

} // namespace noa::plugin
