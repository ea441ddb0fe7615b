// An arena's memory as one generation has it mapped, in the host or in a runner.
//
// Addresses are reserved for all that the agent may ever have, so that what grows does not move.
// What is unmapped stays reserved, without access, as long as this object: whoever still reads or
// writes there faults, and hits nobody else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/unique_fd.hpp"
#include "noa/status.h"
#include "plugin/parked_mapping.hpp"

namespace noa::plugin {

// Of whole pages, which is what an arena consists of; 0 when there are no so many bytes.
[[nodiscard]] std::uint64_t whole_pages(std::uint64_t size) noexcept;

// [lane] every function. What fails changes nothing.
class ArenaMapping {
public:
    ArenaMapping() = default;
    ArenaMapping(const ArenaMapping&) = delete;
    ArenaMapping& operator=(const ArenaMapping&) = delete;
    ~ArenaMapping(); // gives the addresses back

    // The first `size` bytes of `memory`, whole pages, to be read, in a place with room for `room`,
    // or for `size` when there is none. REQUIRES !is_open, and that `memory` is no shorter than
    // `size` and never will be.
    [[nodiscard]] bool open(UniqueFd memory, std::uint64_t size, std::uint64_t room);
    // So that grow to `size` does not fail for want of addresses. The base is as before.
    [[nodiscard]] bool make_room(std::uint64_t size);
    // The base may be another afterwards.
    [[nodiscard]] bool grow(std::uint64_t size);
    // `parked`: of the same memory, when there is such.
    [[nodiscard]] bool allow_writing(ParkedMapping parked);
    // As noa_arena_host.
    [[nodiscard]] noa_status release(std::uint64_t offset, std::uint64_t size);
    // What was writable, parked; unmapped for good when nobody wants it.
    ParkedMapping close() noexcept;

    [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(memory_); }
    [[nodiscard]] bool is_writable() const noexcept { return writable_; }
    [[nodiscard]] std::byte* base() const noexcept { return base_; }
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

private:
    struct Range {
        std::byte* base = nullptr;
        std::uint64_t size = 0;
    };

    [[nodiscard]] bool reserve(std::uint64_t size);
    [[nodiscard]] bool map(std::byte* base, std::uint64_t from, std::uint64_t to) noexcept;
    void unmap(std::byte* base, std::uint64_t size) noexcept;

    UniqueFd memory_; // while it is open
    bool writable_ = false;
    std::byte* base_ = nullptr;
    std::uint64_t size_ = 0;
    std::vector<Range> reserved_; // the last is where the next mapping goes
};

} // namespace noa::plugin
