#include "bus/pipe.hpp"

#include <array>
#include <atomic>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <zmq.h>

namespace noa::bus {
namespace {

class PipeTest : public ::testing::Test {
protected:
    void SetUp() override {
        ASSERT_NE(context_, nullptr);
        ASSERT_TRUE(pipe_.open(context_, "inproc://pipe-test"));
    }
    void TearDown() override {
        pipe_.close();
        zmq_ctx_term(context_);
    }
    void push(std::string_view body, std::uint64_t token = 0) {
        Draft draft;
        draft.head.token = token;
        draft.body = body;
        const std::lock_guard lock(pipe_.mutex());
        pipe_.push(draft);
    }
    void ring() {
        const std::lock_guard lock(pipe_.mutex());
        pipe_.ring();
    }

    void* context_ = zmq_ctx_new();
    Pipe pipe_;
};

// Calls `each` for every record of a frame.
template <class F>
void unpack(const BlockRef& block, F each) {
    auto* at = block->data();
    for (std::uint32_t i = 0; i < block->count; ++i) {
        auto* record = reinterpret_cast<Record*>(at);
        each(*record);
        at += record->total_bytes;
    }
}

TEST_F(PipeTest, what_is_pushed_arrives_whole) {
    Draft draft;
    draft.body = "body";
    draft.subject = "sub.ject";
    draft.content_type = "text/plain";
    draft.traceparent = "00-trace";
    {
        const std::lock_guard lock(pipe_.mutex());
        pipe_.push(draft);
    }
    const auto block = pipe_.wait();
    ASSERT_TRUE(block);
    ASSERT_EQ(block->count, 1U);
    EXPECT_EQ(block->first()->body_text(), "body");
    EXPECT_EQ(block->first()->subject(), "sub.ject");
    EXPECT_EQ(block->first()->content_type(), "text/plain");
    EXPECT_EQ(block->first()->traceparent(), "00-trace");
    EXPECT_FALSE(pipe_.pull());
}

TEST_F(PipeTest, records_that_wait_share_frames_and_keep_their_order) {
    constexpr std::uint64_t count = 1000;
    for (std::uint64_t i = 0; i < count; ++i) {
        push("x", i);
    }
    std::uint64_t frames = 0;
    std::uint64_t next = 0;
    while (const auto block = pipe_.pull()) {
        ++frames;
        EXPECT_LE(block->count, 64U);
        unpack(block, [&](const Record& record) { EXPECT_EQ(record.token, next++); });
    }
    EXPECT_EQ(next, count);
    EXPECT_LE(frames, count / 64 + 2);
}

TEST_F(PipeTest, a_pack_never_exceeds_its_block) {
    const std::string body(inline_body_limit, 'b');
    for (std::uint64_t i = 0; i < 200; ++i) {
        push(body, i);
    }
    std::uint64_t next = 0;
    while (const auto block = pipe_.pull()) {
        EXPECT_LE(block->used, block->capacity);
        unpack(block, [&](const Record& record) {
            EXPECT_EQ(record.token, next++);
            EXPECT_EQ(record.body_text(), body);
        });
    }
    EXPECT_EQ(next, 200U);
}

TEST_F(PipeTest, a_large_body_travels_by_reference_and_in_its_place) {
    push("before", 1);
    push("packed", 2);
    const std::string body(std::size_t{64} * 1024, 'b');
    BlockRef own(Block::make_single(body.size()));
    std::memcpy(own->first()->body(), body.data(), body.size());
    Draft draft;
    draft.head.token = 3;
    draft.block = own.get();
    draft.body_bytes = body.size();
    draft.seal();
    {
        const std::lock_guard lock(pipe_.mutex());
        pipe_.push(draft);
    }
    push("after", 4);
    std::vector<std::uint64_t> tokens;
    while (const auto block = pipe_.pull()) {
        unpack(block, [&](const Record& record) {
            tokens.push_back(record.token);
            if (record.token == 3) {
                EXPECT_EQ(record.body(), own->first()->body());
            }
        });
    }
    EXPECT_EQ(tokens, (std::vector<std::uint64_t>{1, 2, 3, 4}));
}

TEST_F(PipeTest, a_bell_wakes_once_however_often_it_rings) {
    ring();
    ring();
    ring();
    EXPECT_TRUE(pipe_.has_news());
    EXPECT_FALSE(pipe_.wait());
    EXPECT_FALSE(pipe_.has_news());
    ring();
    EXPECT_FALSE(pipe_.wait());
}

TEST_F(PipeTest, a_bell_between_frames_hides_none) {
    push("one", 1);
    ring();
    push("two", 2);
    std::uint64_t next = 1;
    while (const auto block = pipe_.pull()) {
        unpack(block, [&](const Record& record) { EXPECT_EQ(record.token, next++); });
    }
    EXPECT_EQ(next, 3U);
}

// Bodies of several lengths, so that packs end at odd places.
TEST_F(PipeTest, four_senders_lose_nothing_and_each_keeps_its_order) {
    constexpr std::uint64_t each_sends = 20'000;
    constexpr std::size_t senders = 4;
    std::vector<std::thread> threads;
    threads.reserve(senders);
    for (std::size_t sender = 0; sender < senders; ++sender) {
        threads.emplace_back([this, sender] {
            const std::string body(700, static_cast<char>('a' + sender));
            for (std::uint64_t i = 0; i < each_sends; ++i) {
                push(std::string_view(body).substr(0, i % 700), i * senders + sender);
            }
        });
    }
    std::array<std::uint64_t, senders> next{};
    std::uint64_t wrong = 0;
    for (std::uint64_t got = 0; got < each_sends * senders;) {
        const auto block = pipe_.wait();
        if (!block) {
            continue;
        }
        unpack(block, [&](const Record& record) {
            const auto sender = record.token % senders;
            const auto number = record.token / senders;
            wrong += number != next[sender] || record.body_bytes != number % 700 ? 1 : 0;
            next[sender] = number + 1;
            ++got;
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(wrong, 0U);
    EXPECT_FALSE(pipe_.pull());
    EXPECT_FALSE(pipe_.has_news());
}

TEST_F(PipeTest, closing_frees_what_nobody_read) {
    for (int i = 0; i < 1000; ++i) {
        push("left behind");
    }
    ring();
    pipe_.close();
    EXPECT_FALSE(pipe_.is_open());
    pipe_.close();
}

TEST_F(PipeTest, an_address_in_use_is_an_error_that_names_it) {
    Pipe second;
    const auto opened = second.open(context_, "inproc://pipe-test");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().object, "inproc://pipe-test");
    EXPECT_FALSE(second.is_open());
}

TEST(BlockPool, gives_the_same_memory_again_and_keeps_no_more_than_its_bound) {
    BlockPool pool;
    Block* first = pool.take();
    first->count = 3;
    first->used = 100;
    first->drop();
    Block* again = pool.take();
    EXPECT_EQ(again, first);
    EXPECT_EQ(again->count, 0U);
    EXPECT_EQ(again->used, 0U);
    again->drop();
    std::vector<BlockRef> many;
    many.reserve(std::size_t{2} * BlockPool::max_kept);
    for (int i = 0; i < 2 * BlockPool::max_kept; ++i) {
        many.emplace_back(pool.take());
    }
    many.clear();
    pool.trim(1);
    BlockRef left(pool.take());
    EXPECT_TRUE(left);
}

TEST(BlockPool, one_thread_takes_while_others_give_back) {
    BlockPool pool;
    constexpr int rounds = 20'000;
    std::array<std::atomic<Block*>, 2> hands{};
    std::vector<std::thread> givers;
    givers.reserve(hands.size());
    for (auto& hand : hands) {
        givers.emplace_back([&hand] {
            for (int given = 0; given < rounds;) {
                if (Block* block = hand.exchange(nullptr, std::memory_order_acquire)) {
                    block->drop();
                    ++given;
                } else {
                    std::this_thread::yield();
                }
            }
        });
    }
    for (int round = 0; round < rounds; ++round) {
        for (auto& hand : hands) {
            Block* block = pool.take();
            block->used = static_cast<std::uint32_t>(round);
            while (hand.load(std::memory_order_relaxed) != nullptr) {
                std::this_thread::yield();
            }
            hand.store(block, std::memory_order_release);
        }
    }
    for (auto& giver : givers) {
        giver.join();
    }
    BlockRef left(pool.take());
    EXPECT_TRUE(left);
}

} // namespace
} // namespace noa::bus
