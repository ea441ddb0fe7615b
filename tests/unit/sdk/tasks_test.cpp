#include <condition_variable>
#include <latch>
#include <mutex>
#include <stdexcept>

#include "test_agent.hpp"

namespace noa::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

// A door that tasks wait at.
class Door {
public:
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    void pass() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return open_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
};

class Tasks : public Scene {
protected:
    void go(sdk::TaskLimits limits) {
        run([this, limits](TestAgent& self, noa::Setup& setup) {
            setup.tasks(limits);
            setup.operation("go", [this, &self](const noa::Request&, noa::Responder responder) {
                work(self, std::move(responder));
            });
        });
    }
    std::function<void(TestAgent&, noa::Responder)> work;
};

TEST_F(Tasks, RunOffTheLaneAndEndOnIt) {
    work = [](TestAgent& self, noa::Responder responder) {
        self.task([&self] { return self.host().on_lane() ? "on" : "off"; },
                  [&self, r = std::move(responder)](noa::Result<const char*> result) mutable {
                      EXPECT_TRUE(self.host().on_lane());
                      r.reply(noa::Body(*result));
                  });
    };
    go({});
    agent.call("go");
    const auto delivery = agent.last_delivery();
    ASSERT_TRUE(agent.run_until([&] { return agent.answer(delivery).settled; }));
    EXPECT_EQ(agent.answer(delivery).body, "off");
}

TEST_F(Tasks, DeliverErrorsAndExceptions) {
    std::vector<std::string> errors;
    work = [&](TestAgent& self, noa::Responder responder) {
        responder.reply();
        const auto note = [&](const noa::Status& status) { errors.push_back(status.error().text); };
        self.task([]() -> noa::Status { return noa::failed("returned"); }, note);
        self.task([] { throw std::runtime_error("thrown"); }, note);
    };
    go({});
    agent.call("go");
    ASSERT_TRUE(agent.run_until([&] { return errors.size() == 2; }));
    EXPECT_THAT(errors, ElementsAre("returned", "thrown"));
}

TEST_F(Tasks, AreBoundedInNumberAndQueue) {
    Door door;
    std::atomic<int> at_once{0};
    std::atomic<int> most{0};
    int ended = 0;
    int refused = 0;
    std::latch both(2);
    work = [&](TestAgent& self, noa::Responder responder) {
        responder.reply();
        self.task(
            [&] {
                const int now = ++at_once;
                most = std::max(most.load(), now);
                if (now <= 2 && !both.try_wait()) {
                    both.count_down();
                }
                door.pass();
                --at_once;
            },
            [&](const noa::Status& status) {
                ++(status ? ended : refused);
                if (!status) {
                    EXPECT_EQ(status.error().status, NOA_E_BUSY);
                }
            });
    };
    go({.concurrency = 2, .queue = 3});
    agent.call("go");
    agent.call("go");
    both.wait();
    for (int count = 0; count < 4; ++count) {
        agent.call("go"); // three wait, the fourth is refused
    }
    EXPECT_EQ(refused, 1);
    door.open();
    ASSERT_TRUE(agent.run_until([&] { return ended == 5; }));
    EXPECT_LE(most.load(), 2);
}

TEST_F(Tasks, RunByPriority) {
    Door door;
    std::latch begun(1);
    std::vector<std::string> order;
    work = [&](TestAgent& self, noa::Responder responder) {
        responder.reply();
        const auto note = [&](const std::string& name) {
            return [&order, name](const noa::Status&) { order.push_back(name); };
        };
        self.task(
            [&] {
                begun.count_down();
                door.pass();
            },
            note("first"));
        begun.wait();
        self.task([] {}, note("low"), {.priority = noa::Priority::low});
        self.task([] {}, note("normal"));
        self.task([] {}, note("high"), {.priority = noa::Priority::high});
    };
    go({});
    agent.call("go");
    door.open();
    ASSERT_TRUE(agent.run_until([&] { return order.size() == 4; }));
    EXPECT_THAT(order, ElementsAre("first", "high", "normal", "low"));
}

TEST_F(Tasks, ExpireWhileTheyRun) {
    std::latch begun(1);
    std::latch stopped(1);
    std::vector<noa_status> ends;
    work = [&](TestAgent& self, noa::Responder responder) {
        responder.reply();
        self.task(
            [&](const std::stop_token& stop) {
                Door door;
                begun.count_down();
                const std::stop_callback on_stop(stop, [&] { door.open(); });
                door.pass();
                stopped.count_down();
            },
            [&](const noa::Status& status) { ends.push_back(status.error().status); },
            {.timeout = 5s});
    };
    go({});
    agent.call("go");
    begun.wait();
    agent.advance(5s);
    EXPECT_THAT(ends, ElementsAre(NOA_E_EXPIRED));
    stopped.wait();
    ASSERT_TRUE(agent.quiesce());
    EXPECT_EQ(ends.size(), 1U);
    EXPECT_NE(agent.metrics().find(R"("tasks_expired_total":{"type":"counter","value":1)"),
              std::string::npos);
}

TEST_F(Tasks, ExpireInTheQueue) {
    Door door;
    std::latch begun(1);
    std::vector<noa_status> ends;
    std::atomic<bool> second_ran{false};
    work = [&](TestAgent& self, noa::Responder responder) {
        responder.reply();
        self.task(
            [&] {
                begun.count_down();
                door.pass();
            },
            [](const noa::Status&) {});
        begun.wait();
        self.task([&] { second_ran = true; },
                  [&](const noa::Status& status) { ends.push_back(status.error().status); },
                  {.timeout = 1s});
    };
    go({});
    agent.call("go");
    agent.advance(1s);
    EXPECT_THAT(ends, ElementsAre(NOA_E_EXPIRED));
    door.open();
    ASSERT_TRUE(agent.quiesce());
    EXPECT_FALSE(second_ran);
}

TEST_F(Tasks, FinishedByQuiesceAreDelivered) {
    Door door;
    std::latch begun(1);
    work = [&](TestAgent& self, noa::Responder responder) {
        self.task(
            [&](const std::stop_token& stop) {
                begun.count_down();
                const std::stop_callback on_stop(stop, [&] { door.open(); });
                door.pass();
                return std::string("ended well");
            },
            [r = std::move(responder)](const noa::Result<std::string>& result) mutable {
                r.reply(result);
            });
    };
    go({});
    agent.call("go");
    begun.wait();
    ASSERT_TRUE(agent.quiesce());
    EXPECT_EQ(agent.answer(agent.last_delivery()).body, "ended well");
    EXPECT_EQ(agent.taken_back(), 0U);
}

TEST_F(Tasks, InterruptedByQuiesceLeaveTheirRequestsToTheNextGeneration) {
    Door door;
    std::latch begun(1);
    work = [&](TestAgent& self, noa::Responder responder) {
        self.task(
            [&](const std::stop_token& stop) -> noa::Status {
                begun.count_down();
                const std::stop_callback on_stop(stop, [&] { door.open(); });
                door.pass();
                return noa::failed("interrupted");
            },
            [r = std::move(responder)](const noa::Status& status) mutable { r.reply(status); });
    };
    go({});
    agent.call("go");
    begun.wait();
    work = [](TestAgent& self, noa::Responder responder) {
        self.task([] {}, [r = std::move(responder)](const noa::Status&) mutable { r.reply(); });
    };
    agent.call("go"); // waits in the queue
    ASSERT_TRUE(agent.quiesce());
    EXPECT_EQ(agent.taken_back(), 2U);
}

TEST_F(Tasks, ThatDoNotStopFailTheQuiesceWhichCanBeTriedAgain) {
    Door door;
    std::latch begun(1);
    bool ended = false;
    work = [&](TestAgent& self, noa::Responder responder) {
        responder.reply();
        self.task(
            [&] {
                begun.count_down();
                door.pass();
            },
            [&](const noa::Status&) { ended = true; });
    };
    go({});
    agent.call("go");
    begun.wait();
    const auto outcome = agent.quiesce(0s);
    EXPECT_EQ(outcome.status, NOA_E_EXPIRED);
    door.open();
    ASSERT_TRUE(agent.quiesce());
    EXPECT_TRUE(ended);
}

TEST_F(Tasks, WorkAgainAfterAQuiesceIsUndone) {
    int ended = 0;
    work = [&](TestAgent& self, noa::Responder responder) {
        responder.reply();
        self.task([] {}, [&](const noa::Status& status) { ended += status ? 1 : 0; });
    };
    go({});
    agent.call("go");
    ASSERT_TRUE(agent.run_until([&] { return ended == 1; }));
    ASSERT_TRUE(agent.quiesce());
    ASSERT_TRUE(agent.start());
    agent.call("go");
    ASSERT_TRUE(agent.run_until([&] { return ended == 2; }));
}

TEST_F(Tasks, AreJoinedByDestroy) {
    std::atomic<bool> ended{false};
    work = [&](TestAgent& self, noa::Responder responder) {
        responder.reply();
        self.task(
            [&](const std::stop_token& stop) {
                Door door;
                const std::stop_callback on_stop(stop, [&] { door.open(); });
                door.pass();
                ended = true;
            },
            [](const noa::Status&) { FAIL() << "the agent is gone"; });
    };
    go({});
    agent.call("go");
    agent.destroy();
    SUCCEED() << "no thread outlived the agent";
}

} // namespace
} // namespace noa::test
