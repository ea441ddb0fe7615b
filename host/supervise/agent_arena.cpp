#include "supervise/agent_arena.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace noa::supervise {

namespace {

constexpr std::uint64_t block_bytes = 512; // of stat

// A file over the limit would be answered with a signal.
bool may_be_as_large(std::uint64_t size) noexcept {
    rlimit limit{};
    return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
           (limit.rlim_cur == RLIM_INFINITY || size <= limit.rlim_cur);
}

UniqueFd make_memory(const std::string& agent) noexcept {
    UniqueFd memory(::memfd_create(agent.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (memory && ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL) != 0) {
        memory.reset();
    }
    return memory;
}

} // namespace

std::uint64_t memory_of_machine() noexcept {
    return static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
           static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void AgentArena::starting(noa_context generation, bool anew) {
    const std::lock_guard lock(mutex_);
    end_start();
    if (holder_ != generation) { // else a quiesce that failed has left it open
        open_ = read_only_ = false;
    }
    holder_ = generation;
    starting_ = true;
    if (anew) {
        former_ = std::exchange(memory_, Memory());
    }
}

void AgentArena::started(noa_context generation) {
    const std::lock_guard lock(mutex_);
    if (holder_ != generation || !starting_) {
        return;
    }
    if (read_only_) { // whoever serves it did not say so
        count_as_written(layout_);
    }
    starting_ = false;
    memory_.of_start = false;
    former_ = Memory();
}

void AgentArena::left_by(noa_context generation) {
    const std::lock_guard lock(mutex_);
    if (holder_ == generation) {
        end_start();
        holder_ = 0;
        open_ = read_only_ = false;
    }
}

void AgentArena::abandoned_by(noa_context generation) {
    const std::lock_guard lock(mutex_);
    if (holder_ != generation) {
        return;
    }
    end_start();
    holder_ = 0;
    if (open_ && !read_only_) {
        memory_ = Memory();
    }
    open_ = read_only_ = false;
}

// What the start wrote is forgotten; what it only saw, or has discarded, is there again.
void AgentArena::end_start() {
    if (!starting_) {
        return;
    }
    starting_ = false;
    if (memory_.of_start || former_.fd) {
        memory_ = std::exchange(former_, Memory());
        open_ = read_only_ = false;
    }
}

void AgentArena::forget() {
    const std::lock_guard lock(mutex_);
    holder_ = 0;
    starting_ = open_ = read_only_ = false;
    memory_ = Memory();
    former_ = Memory();
}

bool AgentArena::make_or_grow(std::uint64_t size) {
    if (size <= memory_.size) {
        return true;
    }
    auto made = memory_.fd ? UniqueFd() : make_memory("noa-arena:" + agent_);
    const int fd = made ? made.get() : memory_.fd.get();
    if (fd < 0 || !may_be_as_large(size) || ::ftruncate(fd, static_cast<off_t>(size)) != 0) {
        return false;
    }
    if (made) {
        memory_ = Memory();
        memory_.fd = std::move(made);
    }
    memory_.size = size;
    return true;
}

void AgentArena::count_as_written(std::uint64_t layout) noexcept {
    read_only_ = false;
    memory_.layout = layout;
    memory_.condition = NOA_ARENA_DIRTY;
    memory_.of_start = starting_;
}

noa_status AgentArena::open(noa_context by, std::uint64_t layout, std::uint64_t size,
                            std::uint64_t limit, plugin::ArenaGrant& ret_grant) {
    const std::lock_guard lock(mutex_);
    if (holder_ != by || open_) {
        return NOA_E_STATE;
    }
    if (layout == 0) {
        return NOA_E_INVALID;
    }
    const auto wanted = std::max(plugin::whole_pages(size), memory_.size);
    if (size > limit || wanted > plugin::whole_pages(limit)) {
        return NOA_E_TOO_LARGE;
    }
    if (!make_or_grow(wanted)) {
        return NOA_E_FAILED;
    }
    UniqueFd memory(::fcntl(memory_.fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!memory) {
        return NOA_E_FAILED;
    }
    before_ = {memory_.layout, memory_.condition, memory_.of_start};
    read_only_ = starting_ && memory_.condition == NOA_ARENA_CLEAN;
    ret_grant = {std::move(memory), memory_.size,    plugin::whole_pages(limit),
                 memory_.layout,    ++memory_.epoch, memory_.condition,
                 !read_only_};
    open_ = true;
    layout_ = layout;
    if (!read_only_) {
        count_as_written(layout);
    }
    return NOA_OK;
}

void AgentArena::undo_open(noa_context by) {
    const std::lock_guard lock(mutex_);
    if (holder_ != by || !open_) {
        return;
    }
    open_ = read_only_ = false;
    --memory_.epoch;
    memory_.layout = before_.layout;
    memory_.condition = before_.condition;
    memory_.of_start = before_.of_start;
}

noa_status AgentArena::grow(noa_context by, std::uint64_t size, std::uint64_t limit,
                            std::uint64_t& ret_size) {
    const std::lock_guard lock(mutex_);
    if (holder_ != by || !open_) {
        return NOA_E_STATE;
    }
    if (size > limit) {
        return NOA_E_TOO_LARGE;
    }
    if (!make_or_grow(plugin::whole_pages(size))) {
        return NOA_E_FAILED;
    }
    ret_size = memory_.size;
    return NOA_OK;
}

noa_status AgentArena::begin_writing(noa_context by) {
    const std::lock_guard lock(mutex_);
    if (holder_ != by || !open_) {
        return NOA_E_STATE;
    }
    if (read_only_) {
        count_as_written(layout_);
    }
    return NOA_OK;
}

noa_status AgentArena::close(noa_context by) {
    const std::lock_guard lock(mutex_);
    if (holder_ != by || !open_) {
        return NOA_E_STATE;
    }
    open_ = read_only_ = false;
    memory_.condition = NOA_ARENA_CLEAN;
    return NOA_OK;
}

noa_status AgentArena::discard(noa_context by) {
    const std::lock_guard lock(mutex_);
    if (holder_ != by) {
        return NOA_E_STATE;
    }
    open_ = read_only_ = false;
    if (starting_ && !memory_.of_start && !former_.fd) {
        former_ = std::move(memory_);
    }
    memory_ = Memory();
    return NOA_OK;
}

plugin::ParkedMapping AgentArena::take_parked(noa_context by) noexcept {
    const std::lock_guard lock(mutex_);
    return holder_ == by ? std::move(memory_.parked) : plugin::ParkedMapping();
}

void AgentArena::park(noa_context by, plugin::ParkedMapping mapping) noexcept {
    const std::lock_guard lock(mutex_);
    if (holder_ == by) {
        memory_.parked = std::move(mapping);
        memory_.parked_by = by;
    }
}

void AgentArena::unpark(noa_context by) noexcept {
    plugin::ParkedMapping gone; // unmapped when nobody waits for the mutex
    const std::lock_guard lock(mutex_);
    for (auto* memory : {&memory_, &former_}) {
        if (memory->parked_by == by) {
            gone = std::move(memory->parked);
        }
    }
}

std::optional<AgentArena::Told> AgentArena::told() const {
    const std::lock_guard lock(mutex_);
    if (memory_.epoch == 0) {
        return std::nullopt;
    }
    struct stat status {};
    ::fstat(memory_.fd.get(), &status);
    return Told{memory_.size,      static_cast<std::uint64_t>(status.st_blocks) * block_bytes,
                memory_.layout,    memory_.epoch,
                memory_.condition, open_};
}

AgentArena& ArenaStore::of(const std::string& agent) {
    const std::lock_guard lock(mutex_);
    auto& arena = agents_[agent];
    if (!arena) {
        arena = std::make_unique<AgentArena>(agent);
    }
    return *arena;
}

} // namespace noa::supervise
