// When a lane gives way to its senders before it sleeps.
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

#include "bus_fixture.hpp"

namespace {

std::atomic<int> yields_of_worker{0};

} // namespace

// In place of the C library's: notes who gives way.
extern "C" int sched_yield() noexcept {
    char name[16] = {};
    pthread_getname_np(pthread_self(), name, sizeof name);
    if (std::string_view(name) == "worker") {
        ++yields_of_worker;
    }
    return static_cast<int>(::syscall(SYS_sched_yield));
}

namespace noa::bus::testing {
namespace {

constexpr int many = 100;

class LaneFloodTest : public BusTest {
protected:
    LaneFloodTest() {
        sender_.start();
        worker_.start();
        blockade_.close(sender_, "worker");
        yields_of_worker = 0;
    }
    // Until the worker has nothing left to do, and knows it.
    void let_work() {
        blockade_.release();
        worker_.wait_until_empty();
        while (worker_.lane().busy_for_ns() != 0) {
            std::this_thread::yield();
        }
    }

    Agent sender_{*bus_, "sender"};
    Agent worker_{*bus_, "worker"};
    Blockade blockade_{worker_};
};

TEST_F(LaneFloodTest, a_flood_makes_it_give_way_once_before_it_sleeps) {
    for (int i = 0; i < many; ++i) {
        ASSERT_EQ(sender_.send("worker", "op"), NOA_OK);
    }
    let_work();
    EXPECT_EQ(yields_of_worker, 1);
}

TEST_F(LaneFloodTest, a_few_messages_do_not) {
    ASSERT_EQ(sender_.send("worker", "op"), NOA_OK);
    let_work();
    EXPECT_EQ(yields_of_worker, 0);
}

// Whoever waits for an answer would be switched to for each of them.
TEST_F(LaneFloodTest, requests_do_not_however_many) {
    for (int i = 0; i < many; ++i) {
        ASSERT_EQ(sender_.request("worker", "op", 1), NOA_OK);
    }
    let_work();
    EXPECT_EQ(yields_of_worker, 0);
    EXPECT_TRUE(sender_.script.answers.wait_for(many));
}

} // namespace
} // namespace noa::bus::testing
