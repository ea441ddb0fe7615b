// The account that the benchmark of reloads rests on sees what it is there to see.
#include <gtest/gtest.h>

#include "reload/accounts.hpp"

namespace noa::bench {
namespace {

class LedgerTest : public ::testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(memory_); }
    void put(std::uint64_t number, bool redelivered = false, std::uint32_t sender = 0) {
        Numbered message;
        message.sender = sender;
        message.number = number;
        message.sent_ns = 1'000'000;
        memory_->note(message, redelivered, message.sent_ns + 2000);
    }

    LedgerMemory memory_ = LedgerMemory::make();
};

TEST_F(LedgerTest, a_flow_without_faults_has_none) {
    for (std::uint64_t number = 1; number <= 1000; ++number) {
        put(number, false, 0);
        put(number, false, 3);
    }
    const auto values = settle_accounts(*memory_, {1000, 0, 0, 1000});
    for (const char* defect : {"lost", "reordered", "duplicates_unflagged", "duplicates_flagged"}) {
        EXPECT_EQ(values.at(defect), 0) << defect;
    }
}

TEST_F(LedgerTest, what_never_came_is_lost) {
    put(1);
    put(3);
    EXPECT_EQ(settle_accounts(*memory_, {4}).at("lost"), 2);
}

TEST_F(LedgerTest, one_sender_does_not_make_up_for_another) {
    put(1, false, 0);
    put(1, false, 0);
    const auto values = settle_accounts(*memory_, {1, 1});
    EXPECT_EQ(values.at("lost"), 1);
    EXPECT_EQ(values.at("duplicates_unflagged"), 1);
}

TEST_F(LedgerTest, a_first_delivery_may_not_come_late_a_redelivery_may) {
    put(1);
    put(4);
    put(2);
    put(3, true);
    const auto values = settle_accounts(*memory_, {4});
    EXPECT_EQ(values.at("lost"), 0);
    EXPECT_EQ(values.at("reordered"), 1);
}

TEST_F(LedgerTest, a_repetition_is_told_by_its_flag) {
    put(1);
    put(1, true);
    put(1);
    const auto values = settle_accounts(*memory_, {1});
    EXPECT_EQ(values.at("duplicates_flagged"), 1);
    EXPECT_EQ(values.at("duplicates_unflagged"), 1);
}

TEST_F(LedgerTest, numbers_that_it_cannot_hold_are_counted) {
    put(0);
    put(Ledger::numbers_max);
    put(1, false, Ledger::senders_max);
    EXPECT_EQ(settle_accounts(*memory_, {}).at("malformed"), 3);
}

TEST_F(LedgerTest, the_worst_delay_is_found_in_the_window_of_its_sending) {
    Numbered message;
    message.number = 1;
    message.sent_ns = 5'000'000;
    memory_->note(message, false, 9'000'000);
    EXPECT_DOUBLE_EQ(worst_delay_ms(*memory_, {4'000'000, 6'000'000}), 4);
    EXPECT_DOUBLE_EQ(worst_delay_ms(*memory_, {8'000'000, 10'000'000}), 0);
}

TEST_F(LedgerTest, silence_is_the_time_between_two_that_were_handled) {
    Numbered message;
    for (const std::int64_t now : {1'000'000, 2'000'000, 7'000'000}) {
        ++message.number;
        message.sent_ns = now;
        memory_->note(message, false, now);
    }
    EXPECT_DOUBLE_EQ(worst_silence_ms(*memory_, {0, 3'000'000}), 1);
    EXPECT_DOUBLE_EQ(worst_silence_ms(*memory_, {0, 8'000'000}), 5);
}

TEST_F(LedgerTest, another_process_sees_the_same_one) {
    const auto other = LedgerMemory::open(memory_.path());
    ASSERT_TRUE(other);
    put(1);
    EXPECT_EQ(other->senders[0].handled, 1U);
}

TEST_F(LedgerTest, percentiles_of_delays_are_right_to_three_percent) {
    auto& delays = memory_->delays;
    EXPECT_EQ(delays.percentile(50), 0);
    for (std::uint64_t value = 1; value <= 100'000; ++value) {
        delays.add(value);
    }
    EXPECT_EQ(delays.count(), 100'000U);
    EXPECT_NEAR(delays.percentile(50), 50'000, 1500);
    EXPECT_NEAR(delays.percentile(99), 99'000, 3000);
}

} // namespace
} // namespace noa::bench
