#include "plugin/arena.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace noa::plugin {
namespace {

constexpr std::uint64_t page = 4096;

UniqueFd memory_of(std::uint64_t size) {
    UniqueFd fd(::memfd_create("test", MFD_CLOEXEC));
    EXPECT_EQ(::ftruncate(fd.get(), static_cast<off_t>(size)), 0);
    return fd;
}

// Whether these addresses are somebody's.
bool is_taken(void* base) {
    void* got =
        ::mmap(base, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (got != MAP_FAILED) {
        ::munmap(got, page);
    }
    return got == MAP_FAILED;
}

void write_to(std::byte* place) {
    *static_cast<volatile std::byte*>(place) = std::byte{1};
}

class ArenaMappingTest : public ::testing::Test {
protected:
    void SetUp() override { ::testing::GTEST_FLAG(death_test_style) = "threadsafe"; }
    ArenaMapping mapping_;
};

TEST_F(ArenaMappingTest, whole_pages_are_what_an_arena_consists_of) {
    EXPECT_EQ(whole_pages(0), page);
    EXPECT_EQ(whole_pages(1), page);
    EXPECT_EQ(whole_pages(page), page);
    EXPECT_EQ(whole_pages(page + 1), 2 * page);
    EXPECT_EQ(whole_pages(UINT64_MAX), 0U);
}

TEST_F(ArenaMappingTest, grows_in_place_within_its_room) {
    ASSERT_TRUE(mapping_.open(memory_of(8 * page), page, 8 * page));
    ASSERT_TRUE(mapping_.allow_writing({}));
    auto* base = mapping_.base();
    write_to(base);
    ASSERT_TRUE(mapping_.grow(8 * page));
    EXPECT_EQ(mapping_.base(), base);
    EXPECT_EQ(mapping_.size(), 8 * page);
    EXPECT_EQ(base[0], std::byte{1});
    write_to(base + 8 * page - 1);
}

TEST_F(ArenaMappingTest, moves_when_its_room_is_short_and_leaves_nothing_behind) {
    ASSERT_TRUE(mapping_.open(memory_of(8 * page), page, page));
    ASSERT_TRUE(mapping_.allow_writing({}));
    auto* former = mapping_.base();
    write_to(former);
    ASSERT_TRUE(mapping_.grow(8 * page));
    ASSERT_NE(mapping_.base(), former);
    EXPECT_EQ(mapping_.base()[0], std::byte{1});
    EXPECT_TRUE(is_taken(former));
    EXPECT_DEATH(write_to(former), "");
}

TEST_F(ArenaMappingTest, room_that_the_system_does_not_have_is_done_without) {
    ASSERT_TRUE(mapping_.open(memory_of(page), page, std::uint64_t{1} << 62U));
    ASSERT_TRUE(mapping_.allow_writing({}));
    EXPECT_FALSE(mapping_.make_room(std::uint64_t{1} << 62U));
    EXPECT_TRUE(mapping_.make_room(2 * page));
    write_to(mapping_.base());
}

TEST_F(ArenaMappingTest, is_read_only_until_writing_is_allowed) {
    ASSERT_TRUE(mapping_.open(memory_of(2 * page), page, 2 * page));
    EXPECT_EQ(mapping_.base()[0], std::byte{0});
    EXPECT_EQ(mapping_.release(0, page), NOA_E_STATE);
    EXPECT_DEATH(write_to(mapping_.base()), "");
    ASSERT_TRUE(mapping_.grow(2 * page));
    EXPECT_DEATH(write_to(mapping_.base() + page), "");
    ASSERT_TRUE(mapping_.allow_writing({}));
    write_to(mapping_.base());
    write_to(mapping_.base() + page);
}

TEST_F(ArenaMappingTest, what_is_closed_stays_reserved_and_faults) {
    std::byte* base = nullptr;
    {
        ArenaMapping mapping;
        ASSERT_TRUE(mapping.open(memory_of(page), page, 4 * page));
        ASSERT_TRUE(mapping_.allow_writing({}));
        base = mapping.base();
        mapping.close();
        EXPECT_FALSE(mapping.is_open());
        EXPECT_TRUE(is_taken(base));
        EXPECT_DEATH(write_to(base), "");
        ASSERT_TRUE(mapping.open(memory_of(page), page, 4 * page));
        ASSERT_TRUE(mapping.allow_writing({}));
        EXPECT_EQ(mapping.base(), base); // its own place still
    }
    EXPECT_FALSE(is_taken(base));
}

TEST_F(ArenaMappingTest, releases_whole_pages_inside) {
    const auto memory = memory_of(4 * page);
    ASSERT_TRUE(mapping_.open(UniqueFd(::dup(memory.get())), 4 * page, 4 * page));
    ASSERT_TRUE(mapping_.allow_writing({}));
    std::memset(mapping_.base(), 1, 4 * page);
    EXPECT_EQ(mapping_.release(page, 2 * page), NOA_OK);
    EXPECT_EQ(mapping_.base()[page - 1], std::byte{1});
    EXPECT_EQ(mapping_.base()[page], std::byte{0});
    EXPECT_EQ(mapping_.base()[3 * page - 1], std::byte{0});
    EXPECT_EQ(mapping_.base()[3 * page], std::byte{1});
    EXPECT_EQ(mapping_.release(1, page), NOA_E_INVALID);
    EXPECT_EQ(mapping_.release(0, 1), NOA_E_INVALID);
    EXPECT_EQ(mapping_.release(page, 4 * page), NOA_E_INVALID);
    EXPECT_EQ(mapping_.release(4 * page, page), NOA_E_INVALID);
    EXPECT_EQ(mapping_.release(page, UINT64_MAX - page + 1), NOA_E_INVALID);
    EXPECT_EQ(mapping_.release(4 * page, 0), NOA_OK);
}

// How many of `size` bytes are faulted in here (proc(5), smaps).
std::uint64_t resident(const std::byte* base) {
    std::ifstream maps("/proc/self/smaps");
    std::array<char, 32> start{};
    std::snprintf(start.data(), start.size(), "%lx-", reinterpret_cast<unsigned long>(base));
    bool is_it = false;
    for (std::string line; std::getline(maps, line);) {
        is_it = is_it || line.starts_with(start.data());
        if (is_it && line.starts_with("Rss:")) {
            return std::stoul(line.substr(4)) * 1024;
        }
    }
    return 0;
}

TEST_F(ArenaMappingTest, what_is_parked_need_not_be_faulted_in_anew) {
    const auto memory = memory_of(16 * page);
    const auto again = [&] { return UniqueFd(::dup(memory.get())); };
    ASSERT_TRUE(mapping_.open(again(), 8 * page, 8 * page));
    ASSERT_TRUE(mapping_.allow_writing({}));
    auto* former = mapping_.base();
    std::memset(former, 1, 8 * page);
    auto parked = mapping_.close();
    ASSERT_EQ(parked.size(), 8 * page);
    EXPECT_TRUE(is_taken(former));
    EXPECT_DEATH(write_to(former), "");

    ArenaMapping next;
    ASSERT_TRUE(next.open(again(), 16 * page, 16 * page)); // it has grown since
    EXPECT_EQ(next.base()[8 * page - 1], std::byte{1});
    EXPECT_DEATH(write_to(next.base()), "");
    ASSERT_TRUE(next.allow_writing(std::move(parked)));
    EXPECT_EQ(resident(next.base()), 8 * page);
    std::memset(next.base(), 2, 16 * page);
    EXPECT_EQ(next.release(0, 16 * page), NOA_OK);
    EXPECT_EQ(next.base()[0], std::byte{0});
}

TEST_F(ArenaMappingTest, what_was_only_read_is_not_parked) {
    ASSERT_TRUE(mapping_.open(memory_of(page), page, page));
    EXPECT_EQ(mapping_.close().size(), 0U);
    EXPECT_EQ(mapping_.close().size(), 0U);
}

// Says what it was asked, and grants what a test has put down.
class Owner final : public ArenaOwner {
public:
    noa_status open(std::uint64_t, std::uint64_t, ArenaGrant& ret_grant) override {
        ret_grant = std::move(grant);
        return NOA_OK;
    }
    void undo_open() override { ++undone; }
    noa_status grow(std::uint64_t size, std::uint64_t& ret_size) override {
        ++grown;
        ret_size = whole_pages(size);
        return growing;
    }
    noa_status begin_writing() override { return writing; }
    noa_status close() override { return NOA_OK; }
    noa_status discard() override { return NOA_OK; }
    void park(ParkedMapping mapping) noexcept override { parked = std::move(mapping); }

    ArenaGrant grant;
    noa_status growing = NOA_OK;
    noa_status writing = NOA_OK;
    ParkedMapping parked;
    int undone = 0;
    int grown = 0;
};

class ArenaTest : public ::testing::Test {
protected:
    void grant(bool writable, std::uint64_t room = 8 * page) {
        owner_.grant = {memory_of(8 * page), page, room, 7, 3, NOA_ARENA_CLEAN, writable};
    }
    noa_status open() { return arena_.open(8, page, told_); }

    Owner owner_;
    noa_arena told_{sizeof(noa_arena), 0, nullptr, 0, 0, 0};
    Arena arena_{owner_};
};

TEST_F(ArenaTest, tells_what_the_owner_granted) {
    grant(true);
    ASSERT_EQ(open(), NOA_OK);
    EXPECT_EQ(told_.condition, NOA_ARENA_CLEAN);
    EXPECT_EQ(told_.size, page);
    EXPECT_EQ(told_.layout, 7U);
    EXPECT_EQ(told_.epoch, 3U);
    EXPECT_EQ(open(), NOA_E_STATE);
    ASSERT_EQ(arena_.grow(page + 1, told_), NOA_OK);
    EXPECT_EQ(told_.size, 2 * page);
    EXPECT_EQ(told_.epoch, 3U);
    EXPECT_EQ(arena_.close(), NOA_OK);
    EXPECT_EQ(arena_.close(), NOA_E_STATE);
    EXPECT_EQ(arena_.grow(page, told_), NOA_E_STATE);
}

TEST_F(ArenaTest, open_is_undone_when_it_cannot_be_mapped) {
    owner_.grant.size = page; // and no memory
    EXPECT_EQ(open(), NOA_E_FAILED);
    EXPECT_EQ(owner_.undone, 1);
    EXPECT_EQ(told_.base, nullptr);
}

TEST_F(ArenaTest, the_owner_is_not_asked_to_grow_what_cannot_be_mapped) {
    constexpr auto too_much = std::uint64_t{1} << 62U;
    grant(true, too_much);
    ASSERT_EQ(open(), NOA_OK);
    const auto before = told_;
    EXPECT_EQ(arena_.grow(too_much, told_), NOA_E_FAILED);
    EXPECT_EQ(owner_.grown, 0);
    owner_.growing = NOA_E_TOO_LARGE;
    EXPECT_EQ(arena_.grow(2 * page, told_), NOA_E_TOO_LARGE);
    EXPECT_EQ(std::memcmp(&before, &told_, sizeof told_), 0);
}

TEST_F(ArenaTest, start_fails_when_the_owner_does_not_let_it_write) {
    EXPECT_TRUE(arena_.started()); // without an arena
    grant(false);
    ASSERT_EQ(open(), NOA_OK);
    owner_.writing = NOA_E_STATE;
    EXPECT_FALSE(arena_.started());
    owner_.writing = NOA_OK;
    EXPECT_TRUE(arena_.started());
    write_to(static_cast<std::byte*>(told_.base));
}

// To unmap it takes as long as it is large: that is for when nobody waits.
TEST_F(ArenaTest, what_was_written_stays_parked_with_the_owner) {
    grant(true);
    ASSERT_EQ(open(), NOA_OK);
    ASSERT_EQ(arena_.close(), NOA_OK);
    EXPECT_EQ(owner_.parked.size(), page);
    arena_.unmap();
    EXPECT_EQ(owner_.parked.size(), page);
    grant(false);
    ASSERT_EQ(open(), NOA_OK);
    arena_.unmap();
    EXPECT_EQ(owner_.parked.size(), page);
}

TEST_F(ArenaTest, writes_no_more_than_there_is_room_for) {
    grant(true);
    told_.struct_size = offsetof(noa_arena, epoch);
    ASSERT_EQ(open(), NOA_OK);
    EXPECT_EQ(told_.struct_size, offsetof(noa_arena, epoch));
    EXPECT_EQ(told_.epoch, 0U);
}

} // namespace
} // namespace noa::plugin
