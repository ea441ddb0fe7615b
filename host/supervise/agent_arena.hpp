// An agent's arena: memory that outlives its generations, which borrow it. See noa/ext/arena.h.
//
// One generation has it at a time, known by its token, from `starting` until it has come to rest
// or given up. What is known of the memory is known here, out of the plugin's reach.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "plugin/arena.hpp"

namespace noa::supervise {

// Every function from any thread; what a generation asks is NOA_E_STATE unless it has the arena.
class AgentArena {
public:
    explicit AgentArena(std::string agent) : agent_(std::move(agent)) {}

    // `anew`: it finds a fresh one. A former start that has not come to its end counts as failed,
    // whenever it ends.
    void starting(noa_context generation, bool anew);
    // Its start has returned NOA_OK: there is no way back to what the former one left.
    void started(noa_context generation);
    // It has come to rest, or is beyond help: what it had open is dirty. Or its start has failed,
    // and what the former one left is as it was.
    void left_by(noa_context generation);
    // As left_by; but its lane is stuck, and may write for ever to what it has open.
    void abandoned_by(noa_context generation);
    // The agent has stopped.
    void forget();

    // As plugin::ArenaOwner. `limit`: bytes.
    [[nodiscard]] noa_status open(noa_context by, std::uint64_t layout, std::uint64_t size,
                                  std::uint64_t limit, plugin::ArenaGrant& ret_grant);
    void undo_open(noa_context by);
    [[nodiscard]] noa_status grow(noa_context by, std::uint64_t size, std::uint64_t limit,
                                  std::uint64_t& ret_size);
    [[nodiscard]] noa_status begin_writing(noa_context by);
    [[nodiscard]] noa_status close(noa_context by);
    [[nodiscard]] noa_status discard(noa_context by);
    [[nodiscard]] plugin::ParkedMapping take_parked(noa_context by) noexcept;
    void park(noa_context by, plugin::ParkedMapping mapping) noexcept;
    // Its own is of no use any more.
    void unpark(noa_context by) noexcept;

    struct Told {
        std::uint64_t size = 0;
        std::uint64_t resident = 0; // bytes of it that there is memory for
        std::uint64_t layout = 0;
        std::uint64_t epoch = 0;
        std::uint32_t condition = 0; // NOA_ARENA_*
        bool is_open = false;
    };
    [[nodiscard]] std::optional<Told> told() const;

private:
    struct Memory {
        UniqueFd fd; // none: there is no memory
        std::uint64_t size = 0;
        std::uint64_t layout = 0;
        std::uint64_t epoch = 0;
        std::uint32_t condition = NOA_ARENA_FRESH;
        bool of_start = false; // written, or let write, by a start that has not come to its end
        plugin::ParkedMapping parked;
        noa_context parked_by = 0;
    };

    // [mutex held]
    void end_start();
    [[nodiscard]] bool make_or_grow(std::uint64_t size);
    void count_as_written(std::uint64_t layout) noexcept;

    const std::string agent_;
    mutable std::mutex mutex_;
    // under mutex_
    noa_context holder_ = 0;
    bool starting_ = false;
    bool open_ = false;
    bool read_only_ = false;   // open, and as it was found
    std::uint64_t layout_ = 0; // that the opener has given
    Memory memory_;
    Memory former_; // discarded in a start that has not come to its end
    struct Before { // the last open
        std::uint64_t layout = 0;
        std::uint32_t condition = 0;
        bool of_start = false;
    };
    Before before_;
};

// The arena as one generation asks for it.
class LentArena final : public plugin::ArenaOwner {
public:
    // Both outlive it.
    LentArena(AgentArena& arena, const noa_context& generation, std::uint64_t limit)
        : arena_(arena), generation_(generation), limit_(limit) {}

    [[nodiscard]] noa_status open(std::uint64_t layout, std::uint64_t size,
                                  plugin::ArenaGrant& ret_grant) override {
        return arena_.open(generation_, layout, size, limit_, ret_grant);
    }
    void undo_open() override { arena_.undo_open(generation_); }
    [[nodiscard]] noa_status grow(std::uint64_t size, std::uint64_t& ret_size) override {
        return arena_.grow(generation_, size, limit_, ret_size);
    }
    [[nodiscard]] noa_status begin_writing() override { return arena_.begin_writing(generation_); }
    [[nodiscard]] noa_status close() override { return arena_.close(generation_); }
    [[nodiscard]] noa_status discard() override { return arena_.discard(generation_); }
    [[nodiscard]] plugin::ParkedMapping take_parked() noexcept override {
        return arena_.take_parked(generation_);
    }
    void park(plugin::ParkedMapping mapping) noexcept override {
        arena_.park(generation_, std::move(mapping));
    }

private:
    AgentArena& arena_;
    const noa_context& generation_;
    const std::uint64_t limit_;
};

// Those of every agent. [any thread]
class ArenaStore {
public:
    // Made on first mention; lives as long as the store.
    [[nodiscard]] AgentArena& of(const std::string& agent);

private:
    std::mutex mutex_;
    std::map<std::string, std::unique_ptr<AgentArena>> agents_; // under mutex_
};

// Of an agent without a limit of its own: what the machine has.
[[nodiscard]] std::uint64_t memory_of_machine() noexcept;

} // namespace noa::supervise
