#include "bus/readiness.hpp"

#include <fcntl.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "readiness_fixture.hpp"

namespace noa::bus::testing {
namespace {

class ReadinessTest : public ::testing::Test {
protected:
    void TearDown() override {
        readiness_.drop_all(one_);
        readiness_.drop_all(two_);
        EXPECT_EQ(readiness_.watches_of(one_), 0U);
        EXPECT_EQ(readiness_.watches_of(two_), 0U);
    }
    void let_it_look() { testing::let_it_look(readiness_); }
    [[nodiscard]] noa_status watch(CountingWatcher& watcher, const Pair& pair, std::uint64_t tag,
                                   std::uint32_t events = NOA_READY_READ) {
        return readiness_.watch(watcher, pair.near.get(), events, tag);
    }

    Readiness readiness_;
    CountingWatcher one_;
    CountingWatcher two_;
};

bool has_thread(const std::string& name) {
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::string found;
        std::getline(std::ifstream(task.path() / "comm") >> std::ws, found);
        if (found == name) {
            return true;
        }
    }
    return false;
}

TEST_F(ReadinessTest, its_thread_starts_with_the_first_watch) {
    EXPECT_FALSE(has_thread("noa-io"));
    EXPECT_EQ(readiness_.unwatch(one_, 3), NOA_E_NOT_FOUND);
    EXPECT_FALSE(readiness_.next(one_));
    EXPECT_FALSE(has_thread("noa-io"));
    const Pair pair;
    ASSERT_EQ(watch(one_, pair, 1), NOA_OK);
    EXPECT_TRUE(has_thread("noa-io"));
}

TEST_F(ReadinessTest, tells_once_of_what_is_ready_and_again_when_it_is_watched_again) {
    const Pair pair;
    pair.say_something();
    ASSERT_EQ(watch(one_, pair, 7), NOA_OK);
    const auto ready = one_.next(readiness_);
    EXPECT_EQ(ready.tag, 7U);
    EXPECT_EQ(ready.events, NOA_READY_READ);
    let_it_look();
    EXPECT_FALSE(readiness_.next(one_)); // though it still is
    ASSERT_EQ(watch(one_, pair, 8), NOA_OK);
    EXPECT_EQ(one_.next(readiness_).tag, 8U);
}

TEST_F(ReadinessTest, tells_what_comes_later) {
    const Pair pair;
    ASSERT_EQ(watch(one_, pair, 7), NOA_OK);
    let_it_look();
    EXPECT_FALSE(readiness_.next(one_));
    pair.say_something();
    EXPECT_EQ(one_.next(readiness_).tag, 7U);
}

TEST_F(ReadinessTest, tells_only_what_was_asked_for_and_hang_ups) {
    Pair pair;
    pair.say_something();
    ASSERT_EQ(watch(one_, pair, 1, NOA_READY_WRITE), NOA_OK);
    EXPECT_EQ(one_.next(readiness_).events, NOA_READY_WRITE);
    ASSERT_EQ(watch(one_, pair, 2, NOA_READY_CLOSED), NOA_OK);
    let_it_look();
    EXPECT_FALSE(readiness_.next(one_));
    pair.far.reset();
    EXPECT_EQ(one_.next(readiness_).events, NOA_READY_CLOSED);
    ASSERT_EQ(watch(one_, pair, 3, NOA_READY_READ | NOA_READY_WRITE), NOA_OK);
    EXPECT_EQ(one_.next(readiness_).events, NOA_READY_READ | NOA_READY_WRITE | NOA_READY_CLOSED);
}

TEST_F(ReadinessTest, another_watch_replaces_the_first) {
    const Pair pair;
    ASSERT_EQ(watch(one_, pair, 1), NOA_OK);
    ASSERT_EQ(watch(one_, pair, 2), NOA_OK);
    EXPECT_EQ(readiness_.watches_of(one_), 1U);
    pair.say_something();
    EXPECT_EQ(one_.next(readiness_).tag, 2U);
    let_it_look();
    EXPECT_FALSE(readiness_.next(one_));
}

TEST_F(ReadinessTest, what_is_ready_but_not_told_yet_is_replaced_too) {
    const Pair pair;
    pair.say_something();
    ASSERT_EQ(watch(one_, pair, 1), NOA_OK);
    let_it_look();
    ASSERT_EQ(watch(one_, pair, 2, NOA_READY_CLOSED), NOA_OK);
    let_it_look();
    EXPECT_FALSE(readiness_.next(one_));
}

TEST_F(ReadinessTest, nothing_is_told_after_unwatch) {
    const Pair waits;
    const Pair ready;
    ASSERT_EQ(watch(one_, waits, 1), NOA_OK);
    ready.say_something();
    ASSERT_EQ(watch(one_, ready, 2), NOA_OK);
    let_it_look();
    EXPECT_EQ(readiness_.unwatch(one_, waits.near.get()), NOA_OK);
    EXPECT_EQ(readiness_.unwatch(one_, ready.near.get()), NOA_OK);
    EXPECT_EQ(readiness_.unwatch(one_, ready.near.get()), NOA_E_NOT_FOUND);
    waits.say_something();
    let_it_look();
    EXPECT_FALSE(readiness_.next(one_));
    EXPECT_EQ(readiness_.watches_of(one_), 0U);
}

TEST_F(ReadinessTest, a_watch_that_was_told_of_is_none_any_more) {
    const Pair pair;
    pair.say_something();
    ASSERT_EQ(watch(one_, pair, 1), NOA_OK);
    static_cast<void>(one_.next(readiness_));
    EXPECT_EQ(readiness_.unwatch(one_, pair.near.get()), NOA_E_NOT_FOUND);
    EXPECT_EQ(readiness_.watches_of(one_), 0U);
}

TEST_F(ReadinessTest, tells_in_the_order_in_which_it_became_so) {
    std::array<Pair, 5> pairs;
    for (std::uint64_t tag = 0; tag < pairs.size(); ++tag) {
        ASSERT_EQ(watch(one_, pairs.at(tag), tag), NOA_OK);
    }
    for (const std::size_t index : {3U, 0U, 4U, 1U, 2U}) {
        pairs.at(index).say_something();
        let_it_look();
    }
    EXPECT_EQ(readiness_.unwatch(one_, pairs[4].near.get()), NOA_OK); // out of the middle
    EXPECT_EQ(readiness_.unwatch(one_, pairs[3].near.get()), NOA_OK); // the first
    EXPECT_EQ(readiness_.unwatch(one_, pairs[2].near.get()), NOA_OK); // the last
    EXPECT_EQ(one_.next(readiness_).tag, 0U);
    EXPECT_EQ(one_.next(readiness_).tag, 1U);
    EXPECT_FALSE(readiness_.next(one_));
}

TEST_F(ReadinessTest, a_number_that_is_used_again_has_nothing_of_the_former) {
    Pair first;
    Pair second;
    const UniqueFd twin(::fcntl(first.near.get(), F_DUPFD_CLOEXEC, 0)); // keeps the kernel's entry
    const int number = first.near.get();
    ASSERT_EQ(watch(one_, first, 1), NOA_OK);
    ASSERT_EQ(::dup3(second.near.get(), number, O_CLOEXEC), number); // closed without unwatch
    ASSERT_EQ(readiness_.watch(two_, number, NOA_READY_READ, 2), NOA_OK);
    EXPECT_EQ(readiness_.watches_of(one_), 0U);
    first.say_something(); // told by the kernel for `number`
    let_it_look();
    EXPECT_FALSE(readiness_.next(one_));
    EXPECT_FALSE(readiness_.next(two_));
    second.say_something();
    EXPECT_EQ(two_.next(readiness_).tag, 2U);
}

TEST_F(ReadinessTest, one_watcher_does_not_end_the_watch_of_another) {
    const Pair pair;
    ASSERT_EQ(watch(two_, pair, 2), NOA_OK);
    EXPECT_EQ(readiness_.unwatch(one_, pair.near.get()), NOA_E_NOT_FOUND);
    readiness_.drop_all(one_);
    pair.say_something();
    EXPECT_EQ(two_.next(readiness_).tag, 2U);
}

TEST_F(ReadinessTest, drops_all_of_a_watcher) {
    std::array<Pair, 3> pairs;
    for (const auto& pair : pairs) {
        ASSERT_EQ(watch(one_, pair, 1), NOA_OK);
    }
    const Pair other;
    ASSERT_EQ(watch(two_, other, 2), NOA_OK);
    pairs[1].say_something();
    let_it_look();
    readiness_.drop_all(one_);
    pairs[0].say_something();
    other.say_something();
    EXPECT_EQ(two_.next(readiness_).tag, 2U);
    EXPECT_FALSE(readiness_.next(one_));
}

TEST_F(ReadinessTest, refuses_what_cannot_be_watched) {
    const Pair pair;
    EXPECT_EQ(watch(one_, pair, 1, 0), NOA_E_INVALID);
    EXPECT_EQ(watch(one_, pair, 1, 8), NOA_E_INVALID);
    EXPECT_EQ(readiness_.watch(one_, -1, NOA_READY_READ, 1), NOA_E_INVALID);
    EXPECT_EQ(readiness_.watch(one_, 1 << 30, NOA_READY_READ, 1), NOA_E_INVALID);
    const UniqueFd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(readiness_.watch(one_, file.get(), NOA_READY_READ, 1), NOA_E_INVALID);
    EXPECT_EQ(readiness_.watches_of(one_), 0U);
}

TEST_F(ReadinessTest, refuses_after_stop) {
    const Pair pair;
    readiness_.stop();
    EXPECT_EQ(watch(one_, pair, 1), NOA_E_FAILED);
    readiness_.stop();
}

// Descriptors are opened, watched, closed and their numbers used again all the time, by several
// threads at once: each sees the bytes of its own pair and nothing else.
TEST_F(ReadinessTest, several_threads_that_use_numbers_again_see_their_own) {
    std::vector<std::thread> threads;
    for (std::uint64_t id = 1; id <= 3; ++id) {
        threads.emplace_back([this, id] {
            CountingWatcher watcher;
            for (std::uint64_t round = 0; round < 500; ++round) {
                const Pair pair;
                const auto tag = round << 8U | id;
                if (round % 3 == 0) { // closed while it is watched
                    ASSERT_EQ(watch(watcher, pair, tag), NOA_OK);
                    pair.say_something();
                    continue;
                }
                ASSERT_EQ(watch(watcher, pair, tag), NOA_OK);
                if (round % 3 == 1) {
                    ASSERT_EQ(readiness_.unwatch(watcher, pair.near.get()), NOA_OK);
                    ASSERT_EQ(watch(watcher, pair, tag), NOA_OK);
                }
                pair.say_something();
                auto ready = watcher.next(readiness_);
                while (ready.tag != tag) { // of the one that was closed
                    ASSERT_EQ(ready.tag, (round - 1) << 8U | id);
                    ready = watcher.next(readiness_);
                }
                pair.take_it();
            }
            readiness_.drop_all(watcher);
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
}

} // namespace
} // namespace noa::bus::testing
