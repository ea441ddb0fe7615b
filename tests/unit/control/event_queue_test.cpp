#include "control/event_queue.hpp"

#include <poll.h>

#include <gmock/gmock.h>

namespace noa::control {
namespace {

using nlohmann::json;
using testing::ElementsAre;

bool is_ready(const EventQueue& queue) {
    pollfd fd{queue.fd(), POLLIN, 0};
    return ::poll(&fd, 1, 0) == 1;
}

TEST(EventQueue, GivesItemsInOrder) {
    auto queue = EventQueue::open();
    ASSERT_TRUE(queue);
    EXPECT_FALSE(is_ready(*queue));
    queue->push(1, 10);
    queue->push(2, 10);
    EXPECT_TRUE(is_ready(*queue));
    const auto batch = queue->pop();
    EXPECT_THAT(batch.items, ElementsAre(json(1), json(2)));
    EXPECT_EQ(batch.lost, 0U);
    EXPECT_FALSE(batch.closed);
    EXPECT_FALSE(is_ready(*queue));
}

TEST(EventQueue, DropsTheOldestAndCounts) {
    auto queue = EventQueue::open({3, 1000});
    ASSERT_TRUE(queue);
    for (int i = 1; i <= 5; ++i) {
        queue->push(i, 10);
    }
    auto batch = queue->pop();
    EXPECT_EQ(batch.lost, 2U);
    EXPECT_THAT(batch.items, ElementsAre(json(3), json(4), json(5)));
    queue->push(6, 10);
    batch = queue->pop();
    EXPECT_EQ(batch.lost, 0U);
    EXPECT_THAT(batch.items, ElementsAre(json(6)));
}

TEST(EventQueue, BytesCountToo) {
    auto queue = EventQueue::open({100, 1000});
    ASSERT_TRUE(queue);
    queue->push("a", 600);
    queue->push("b", 600);
    const auto batch = queue->pop();
    EXPECT_EQ(batch.lost, 1U);
    EXPECT_THAT(batch.items, ElementsAre(json("b")));
}

TEST(EventQueue, OneItemOverTheLimitStillPasses) {
    auto queue = EventQueue::open({100, 1000});
    ASSERT_TRUE(queue);
    queue->push("large", 5000);
    EXPECT_THAT(queue->pop().items, ElementsAre(json("large")));
}

TEST(EventQueue, ClosingEndsItAfterWhatIsQueued) {
    auto queue = EventQueue::open();
    ASSERT_TRUE(queue);
    queue->push(1, 10);
    queue->close();
    queue->push(2, 10);
    EXPECT_TRUE(is_ready(*queue));
    const auto batch = queue->pop();
    EXPECT_TRUE(batch.closed);
    EXPECT_THAT(batch.items, ElementsAre(json(1)));
}

} // namespace
} // namespace noa::control
