// noa.arena/1 for one generation: asked of whoever owns the memory, mapped here.
#pragma once

#include <cstdint>

#include "noa/ext/arena.h"
#include "plugin/arena_mapping.hpp"

namespace noa::plugin {

// What the owner lends for a while.
struct ArenaGrant {
    UniqueFd memory; // sealed against shrinking
    std::uint64_t size = 0;
    std::uint64_t room = 0;   // that it may grow to
    std::uint64_t layout = 0; // as it was found
    std::uint64_t epoch = 0;  // this time included
    std::uint32_t condition = 0;
    bool writable = false; // at once, not only once start has returned
};

// The agent's memory, as its present generation may ask for it: NOA_E_STATE to any other. Statuses
// are those of noa_arena_host.  [lane] every function.
class ArenaOwner {
public:
    ArenaOwner() = default;
    ArenaOwner(const ArenaOwner&) = delete;
    ArenaOwner& operator=(const ArenaOwner&) = delete;
    virtual ~ArenaOwner() = default;

    [[nodiscard]] virtual noa_status open(std::uint64_t layout, std::uint64_t size,
                                          ArenaGrant& ret_grant) = 0;
    // As if it had not been opened: what was granted could not be mapped.
    virtual void undo_open() = 0;
    [[nodiscard]] virtual noa_status grow(std::uint64_t size, std::uint64_t& ret_size) = 0;
    // What was found clean is about to be written.
    [[nodiscard]] virtual noa_status begin_writing() = 0;
    [[nodiscard]] virtual noa_status close() = 0;
    [[nodiscard]] virtual noa_status discard() = 0;
    // Of what is opened, what whoever wrote it in this process has left mapped.
    [[nodiscard]] virtual ParkedMapping take_parked() noexcept { return {}; }
    virtual void park(ParkedMapping /*mapping*/) noexcept {}
};

// [lane] every function but the constructor.
class Arena {
public:
    explicit Arena(ArenaOwner& owner) : owner_(owner) {} // which outlives it

    // As noa_arena_host; REQUIRES that `ret_arena` has room.
    [[nodiscard]] noa_status open(std::uint64_t layout, std::uint64_t size, noa_arena& ret_arena);
    [[nodiscard]] noa_status grow(std::uint64_t size, noa_arena& ret_arena);
    [[nodiscard]] noa_status release(std::uint64_t offset, std::uint64_t size);
    [[nodiscard]] noa_status close();
    [[nodiscard]] noa_status discard();

    // start has returned NOA_OK: what is open becomes writable. False when it cannot, and then
    // start has failed.
    [[nodiscard]] bool started();
    // quiesce has returned NOA_OK, start has failed, or the plugin is beyond help.
    void unmap() noexcept;

private:
    void tell(noa_arena& ret_arena) const noexcept;

    ArenaOwner& owner_;
    ArenaMapping mapping_;
    std::uint64_t room_ = 0; // that the owner lets it grow to
    noa_arena found_{};      // what open told
};

} // namespace noa::plugin
