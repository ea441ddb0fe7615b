#include "supervise/agent_arena.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

#include <gtest/gtest.h>

namespace noa::supervise {
namespace {

constexpr noa_context first_life = 1;
constexpr noa_context second_life = 2;
constexpr noa_context third = 3;
constexpr std::uint64_t page = 4096;
constexpr std::uint64_t limit = 16 * page;
constexpr std::uint64_t layout = 7;

class AgentArenaTest : public ::testing::Test {
protected:
    void start(noa_context by, bool anew = false) {
        arena_.starting(by, anew);
        arena_.started(by);
    }
    noa_status open(noa_context by, std::uint64_t as = layout, std::uint64_t size = page) {
        return arena_.open(by, as, size, limit, grant_);
    }
    // What lies at its beginning, through the last grant.
    void put(char value) const { ASSERT_EQ(::pwrite(grant_.memory.get(), &value, 1, 0), 1); }
    [[nodiscard]] char get() const {
        char value = 0;
        EXPECT_EQ(::pread(grant_.memory.get(), &value, 1, 0), 1);
        return value;
    }
    // A first generation has written it, and left it like that.
    void leave(char value, bool closed = true) {
        start(first_life);
        ASSERT_EQ(open(first_life), NOA_OK);
        put(value);
        if (closed) {
            ASSERT_EQ(arena_.close(first_life), NOA_OK);
        }
        arena_.left_by(first_life);
    }
    void expect_found(noa_context by, std::uint32_t condition, std::uint64_t as, char value) {
        arena_.starting(by, false);
        ASSERT_EQ(open(by), NOA_OK);
        EXPECT_EQ(grant_.condition, condition);
        EXPECT_EQ(grant_.layout, as);
        EXPECT_EQ(get(), value);
    }

    AgentArena arena_{"test"};
    plugin::ArenaGrant grant_;
};

TEST_F(AgentArenaTest, is_fresh_then_clean_then_dirty) {
    arena_.starting(first_life, false);
    ASSERT_EQ(open(first_life), NOA_OK);
    EXPECT_EQ(grant_.condition, NOA_ARENA_FRESH);
    EXPECT_EQ(grant_.layout, 0U);
    EXPECT_EQ(grant_.epoch, 1U);
    EXPECT_TRUE(grant_.writable);
    arena_.started(first_life);
    ASSERT_EQ(arena_.close(first_life), NOA_OK);
    ASSERT_EQ(open(first_life, 8), NOA_OK);
    EXPECT_EQ(grant_.condition, NOA_ARENA_CLEAN);
    EXPECT_EQ(grant_.layout, layout);
    EXPECT_EQ(grant_.epoch, 2U);
    EXPECT_TRUE(grant_.writable); // it runs
    arena_.left_by(first_life);
    expect_found(second_life, NOA_ARENA_DIRTY, 8, 0);
    EXPECT_EQ(grant_.epoch, 3U);
    EXPECT_TRUE(grant_.writable);
}

TEST_F(AgentArenaTest, what_is_clean_is_read_only_until_the_start_is_sure) {
    leave('a');
    arena_.starting(second_life, false);
    ASSERT_EQ(open(second_life, 8), NOA_OK);
    EXPECT_FALSE(grant_.writable);
    EXPECT_EQ(arena_.told()->layout, layout);
    EXPECT_EQ(arena_.told()->condition, NOA_ARENA_CLEAN);
    arena_.started(second_life);
    EXPECT_EQ(arena_.told()->layout, 8U);
    EXPECT_EQ(arena_.told()->condition, NOA_ARENA_DIRTY);
}

TEST_F(AgentArenaTest, cannot_be_made_smaller) {
    start(first_life);
    ASSERT_EQ(open(first_life, layout, 4 * page), NOA_OK);
    const int seals = ::fcntl(grant_.memory.get(), F_GET_SEALS);
    EXPECT_EQ(seals, F_SEAL_SHRINK | F_SEAL_SEAL);
    EXPECT_EQ(::ftruncate(grant_.memory.get(), page), -1);
    EXPECT_EQ(errno, EPERM);
    EXPECT_EQ(::fcntl(grant_.memory.get(), F_ADD_SEALS, F_SEAL_GROW), -1);
    EXPECT_EQ(::fcntl(grant_.memory.get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(AgentArenaTest, belongs_to_who_has_started_it) {
    EXPECT_EQ(open(first_life), NOA_E_STATE);
    leave('a');
    EXPECT_EQ(open(first_life), NOA_E_STATE); // quiesced
    arena_.starting(second_life, false);
    std::uint64_t size = 0;
    EXPECT_EQ(open(first_life), NOA_E_STATE);
    EXPECT_EQ(arena_.discard(first_life), NOA_E_STATE);
    ASSERT_EQ(open(second_life), NOA_OK);
    EXPECT_EQ(open(second_life), NOA_E_STATE);
    EXPECT_EQ(arena_.grow(first_life, page, limit, size), NOA_E_STATE);
    EXPECT_EQ(arena_.begin_writing(first_life), NOA_E_STATE);
    EXPECT_EQ(arena_.close(first_life), NOA_E_STATE);
    arena_.left_by(first_life);
    arena_.started(first_life);
    arena_.abandoned_by(first_life);
    EXPECT_EQ(arena_.close(second_life), NOA_OK);
}

TEST_F(AgentArenaTest, a_failed_start_leaves_what_is_clean_as_it_was) {
    leave('a');
    std::uint64_t size = 0;
    arena_.starting(second_life, false);
    ASSERT_EQ(open(second_life, 8), NOA_OK);
    EXPECT_EQ(arena_.grow(second_life, 4 * page, limit, size), NOA_OK);
    arena_.left_by(second_life);
    expect_found(first_life, NOA_ARENA_CLEAN, layout, 'a');
    EXPECT_EQ(grant_.epoch, 3U);
}

TEST_F(AgentArenaTest, a_failed_start_forgets_what_it_wrote) {
    leave('a', false);
    arena_.starting(second_life, false);
    arena_.left_by(second_life);
    expect_found(second_life, NOA_ARENA_DIRTY, layout, 'a'); // it only was there
    put('b');
    ASSERT_EQ(arena_.close(second_life), NOA_OK);
    arena_.left_by(second_life);
    expect_found(first_life, NOA_ARENA_FRESH, 0, 0);
    arena_.left_by(first_life);
    expect_found(first_life, NOA_ARENA_FRESH, 0, 0);
    EXPECT_EQ(grant_.epoch, 1U);
}

TEST_F(AgentArenaTest, a_start_that_fails_while_it_begins_to_write_may_have_written) {
    leave('a');
    arena_.starting(second_life, false);
    ASSERT_EQ(open(second_life), NOA_OK);
    ASSERT_EQ(arena_.begin_writing(second_life), NOA_OK);
    arena_.left_by(second_life);
    expect_found(first_life, NOA_ARENA_FRESH, 0, 0);
}

TEST_F(AgentArenaTest, what_a_start_discards_comes_back_when_it_fails) {
    leave('a');
    arena_.starting(second_life, false);
    ASSERT_EQ(arena_.discard(second_life), NOA_OK);
    ASSERT_EQ(open(second_life), NOA_OK);
    EXPECT_EQ(grant_.condition, NOA_ARENA_FRESH);
    arena_.undo_open(second_life);
    ASSERT_EQ(arena_.discard(second_life), NOA_OK);
    ASSERT_EQ(open(second_life), NOA_OK);
    put('b');
    arena_.left_by(second_life);
    expect_found(first_life, NOA_ARENA_CLEAN, layout, 'a');
    ASSERT_EQ(arena_.discard(first_life), NOA_OK);
    arena_.started(first_life);
    EXPECT_FALSE(arena_.told());
    arena_.left_by(first_life);
    expect_found(second_life, NOA_ARENA_FRESH, 0, 0);
}

TEST_F(AgentArenaTest, begun_anew_it_comes_back_when_the_start_fails) {
    leave('a');
    arena_.starting(second_life, true);
    ASSERT_EQ(open(second_life), NOA_OK);
    EXPECT_EQ(grant_.condition, NOA_ARENA_FRESH);
    arena_.left_by(second_life);
    expect_found(first_life, NOA_ARENA_CLEAN, layout, 'a');
    arena_.left_by(first_life);
    start(second_life, true);
    EXPECT_FALSE(arena_.told());
}

TEST_F(AgentArenaTest, what_could_not_be_mapped_was_not_opened) {
    leave('a');
    start(second_life);
    ASSERT_EQ(open(second_life, 8, 2 * page), NOA_OK);
    arena_.undo_open(second_life);
    EXPECT_EQ(arena_.close(second_life), NOA_E_STATE);
    ASSERT_EQ(open(second_life, 8), NOA_OK);
    EXPECT_EQ(grant_.condition, NOA_ARENA_CLEAN);
    EXPECT_EQ(grant_.layout, layout);
    EXPECT_EQ(grant_.epoch, 2U);
}

TEST_F(AgentArenaTest, a_quiesce_that_fails_leaves_it_open) {
    start(first_life);
    ASSERT_EQ(open(first_life), NOA_OK);
    put('a');
    arena_.starting(first_life, false);
    EXPECT_EQ(open(first_life), NOA_E_STATE);
    arena_.started(first_life);
    EXPECT_EQ(arena_.told()->condition, NOA_ARENA_DIRTY);
    EXPECT_EQ(arena_.close(first_life), NOA_OK);
    arena_.left_by(first_life);
    expect_found(second_life, NOA_ARENA_CLEAN, layout, 'a');
}

TEST_F(AgentArenaTest, a_start_that_never_ends_counts_as_failed) {
    leave('a');
    arena_.starting(second_life, false);
    ASSERT_EQ(open(second_life, 8), NOA_OK);
    arena_.starting(third, false);
    EXPECT_EQ(arena_.begin_writing(second_life), NOA_E_STATE);
    arena_.started(second_life); // late
    ASSERT_EQ(open(third), NOA_OK);
    EXPECT_EQ(grant_.condition, NOA_ARENA_CLEAN);
    EXPECT_EQ(grant_.layout, layout);
}

TEST_F(AgentArenaTest, what_a_stuck_lane_may_write_to_is_nobodys_any_more) {
    leave('a');
    start(second_life);
    arena_.abandoned_by(second_life); // had not opened it
    start(third);
    ASSERT_EQ(open(third), NOA_OK);
    EXPECT_EQ(get(), 'a');
    arena_.abandoned_by(third);
    expect_found(first_life, NOA_ARENA_FRESH, 0, 0);
}

TEST_F(AgentArenaTest, keeps_to_the_limit) {
    start(first_life);
    std::uint64_t size = 0;
    EXPECT_EQ(open(first_life, layout, limit + 1), NOA_E_TOO_LARGE);
    EXPECT_FALSE(arena_.told());
    EXPECT_EQ(open(first_life, 0, page), NOA_E_INVALID);
    ASSERT_EQ(open(first_life, layout, limit), NOA_OK);
    EXPECT_EQ(arena_.grow(first_life, limit + 1, limit, size), NOA_E_TOO_LARGE);
    EXPECT_EQ(arena_.grow(first_life, UINT64_MAX, limit, size), NOA_E_TOO_LARGE);
    EXPECT_EQ(arena_.close(first_life), NOA_OK);
    // A limit that was lowered since: all of it is mapped, or nothing.
    EXPECT_EQ(arena_.open(first_life, layout, page, limit / 2, grant_), NOA_E_TOO_LARGE);
    EXPECT_EQ(arena_.told()->condition, NOA_ARENA_CLEAN);
}

TEST_F(AgentArenaTest, never_gets_smaller) {
    start(first_life);
    std::uint64_t size = 0;
    ASSERT_EQ(open(first_life, layout, 4 * page), NOA_OK);
    EXPECT_EQ(arena_.grow(first_life, page, limit, size), NOA_OK);
    EXPECT_EQ(size, 4 * page);
    ASSERT_EQ(arena_.close(first_life), NOA_OK);
    ASSERT_EQ(open(first_life, layout, page), NOA_OK);
    EXPECT_EQ(grant_.size, 4 * page);
    EXPECT_EQ(grant_.room, limit);
}

// A file over that limit would end the host by a signal.
TEST_F(AgentArenaTest, a_file_limit_of_the_host_is_an_error) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const rlimit low{2 * page, before.rlim_max};
    start(first_life);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &low), 0);
    EXPECT_EQ(open(first_life, layout, 4 * page), NOA_E_FAILED);
    ASSERT_EQ(open(first_life), NOA_OK);
    std::uint64_t size = 0;
    EXPECT_EQ(arena_.grow(first_life, 4 * page, limit, size), NOA_E_FAILED);
    EXPECT_EQ(size, 0U);
    EXPECT_EQ(arena_.told()->size, page);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
}

TEST_F(AgentArenaTest, what_is_parked_goes_to_whoever_opens_that_memory) {
    const auto mapping = [&] {
        void* base =
            ::mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_SHARED, grant_.memory.get(), 0);
        auto parked = plugin::ParkedMapping::park(static_cast<std::byte*>(base), page);
        ::munmap(base, page);
        return parked;
    };
    start(first_life);
    ASSERT_EQ(open(first_life), NOA_OK);
    arena_.park(first_life, mapping());
    arena_.park(second_life, mapping()); // not its holder
    EXPECT_EQ(arena_.take_parked(second_life).size(), 0U);
    ASSERT_EQ(arena_.close(first_life), NOA_OK);
    arena_.left_by(first_life);
    arena_.starting(second_life, false);
    ASSERT_EQ(arena_.discard(second_life), NOA_OK);
    ASSERT_EQ(open(second_life), NOA_OK);
    EXPECT_EQ(arena_.take_parked(second_life).size(), 0U); // it is of another memory
    arena_.left_by(second_life);
    arena_.starting(third, false);
    EXPECT_EQ(arena_.take_parked(third).size(), page);
    EXPECT_EQ(arena_.take_parked(third).size(), 0U);
    arena_.park(third, mapping());
    arena_.unpark(second_life);
    arena_.unpark(third);
    EXPECT_EQ(arena_.take_parked(third).size(), 0U);
}

TEST_F(AgentArenaTest, goes_with_the_agent) {
    leave('a');
    arena_.forget();
    EXPECT_FALSE(arena_.told());
    expect_found(second_life, NOA_ARENA_FRESH, 0, 0);
}

} // namespace
} // namespace noa::supervise
