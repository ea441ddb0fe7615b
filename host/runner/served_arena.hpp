// The agent's arena, which the host owns and this process maps.
#pragma once

#include "link_end.hpp"
#include "plugin/arena.hpp"

namespace noa::runner {

class BorrowedArena final : public plugin::ArenaOwner {
public:
    explicit BorrowedArena(LinkEnd& link) : link_(link) {} // which outlives it

    [[nodiscard]] noa_status open(std::uint64_t layout, std::uint64_t size,
                                  plugin::ArenaGrant& ret_grant) override;
    void undo_open() override;
    [[nodiscard]] noa_status grow(std::uint64_t size, std::uint64_t& ret_size) override;
    [[nodiscard]] noa_status begin_writing() override;
    [[nodiscard]] noa_status close() override;
    [[nodiscard]] noa_status discard() override;
    // Nobody else will map it here: drop_parked is to unmap it, once nobody waits.
    void park(plugin::ParkedMapping mapping) noexcept override { parked_ = std::move(mapping); }
    void drop_parked() noexcept { parked_ = plugin::ParkedMapping(); }

private:
    [[nodiscard]] noa_status ask(link::Ask function);

    LinkEnd& link_;
    plugin::ParkedMapping parked_;
};

} // namespace noa::runner
