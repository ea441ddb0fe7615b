// What passes the limit of open deliveries: order is kept, and nobody waits for ever.
#include <algorithm>
#include <atomic>
#include <map>

#include <gmock/gmock.h>

#include "bus_fixture.hpp"

namespace noa::bus::testing {
namespace {

LaneOptions at_most(std::uint32_t concurrency) {
    LaneOptions options;
    options.concurrency = concurrency;
    return options;
}

class LaneGateTest : public BusTest {
protected:
    void SetUp() override {
        driver_.start();
        helper_.script.on_message = [](const noa_message&, noa_delivery, noa_error&) {
            return NOA_DEFERRED;
        };
        helper_.start();
        // Does in its handling what the subject says, so that it has hops.
        sender_.script.on_message = [this](const noa_message& message, noa_delivery, noa_error&) {
            const auto subject = view(message.subject);
            const auto body = text_of(message.body);
            return subject == "ask" ? sender_.request("worker", "op", 1, body)
                                    : sender_.send("worker", "op", body);
        };
        sender_.start();
    }
    // Opens a delivery at the worker, which is then at its limit.
    void fill(Agent& worker) {
        ASSERT_EQ(driver_.send("worker", "op", "open"), NOA_OK);
        ASSERT_TRUE(worker.script.mail.wait_for(1));
    }
    void have_sender(const char* what, const std::string& body) {
        ASSERT_EQ(driver_.send("sender", what, body), NOA_OK);
        const auto known = ++had_;
        ASSERT_TRUE(sender_.script.mail.wait_for(known));
    }
    static std::vector<std::string> bodies(Agent& worker) {
        std::vector<std::string> list;
        on_lane(worker.lane(), [] {});
        for (const auto& mail : worker.script.mail.all()) {
            list.push_back(mail.body);
        }
        return list;
    }
    using Bodies = std::vector<std::string>;
    Agent driver_{*bus_, "driver"};
    Agent helper_{*bus_, "helper"};
    Agent sender_{*bus_, "sender"};
    std::size_t had_ = 0;
};

TEST_F(LaneGateTest, a_nested_request_passes_after_what_its_sender_sent_before) {
    Agent worker(*bus_, "worker", at_most(1));
    worker.script.on_message = [&](const noa_message& message, noa_delivery, noa_error&) {
        if (text_of(message.body) != "open") {
            return NOA_OK;
        }
        EXPECT_EQ(worker.request("helper", "op", 1), NOA_OK);
        return NOA_DEFERRED;
    };
    worker.start();
    fill(worker);
    ASSERT_EQ(driver_.send("worker", "op", "driver's"), NOA_OK);
    have_sender("send", "1");
    have_sender("send", "2");
    EXPECT_EQ(bodies(worker), Bodies{"open"});
    have_sender("ask", "3");
    have_sender("send", "4");
    ASSERT_TRUE(worker.script.mail.wait_for(4));
    EXPECT_EQ(bodies(worker), (Bodies{"open", "1", "2", "3"}));
    ASSERT_EQ(worker.reply(worker.script.mail.at(0).delivery, {}), NOA_OK);
    ASSERT_TRUE(worker.script.mail.wait_for(6));
    auto rest = bodies(worker);
    rest.erase(rest.begin(), rest.begin() + 4);
    EXPECT_THAT(rest, ::testing::UnorderedElementsAre("driver's", "4"));
}

TEST_F(LaneGateTest, whose_open_work_waits_for_no_other_agent_holds_to_its_limit) {
    Agent worker(*bus_, "worker", at_most(1));
    worker.script.on_message = [](const noa_message&, noa_delivery, noa_error&) {
        return NOA_DEFERRED;
    };
    worker.start();
    fill(worker);
    have_sender("ask", "1");
    have_sender("ask", "2");
    EXPECT_EQ(bodies(worker), Bodies{"open"});
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(worker.inbox().deliveries().count(), 1U);
        ASSERT_EQ(worker.reply(worker.script.mail.at(i).delivery, {}), NOA_OK);
        ASSERT_TRUE(worker.script.mail.wait_for(std::min<std::size_t>(i + 2, 3)));
        on_lane(worker.lane(), [] {});
    }
    EXPECT_EQ(bodies(worker), (Bodies{"open", "1", "2"}));
}

TEST_F(LaneGateTest, a_request_from_any_thread_lets_pass_what_was_held_before_it) {
    Agent worker(*bus_, "worker", at_most(1));
    worker.script.on_message = [](const noa_message&, noa_delivery, noa_error&) {
        return NOA_DEFERRED;
    };
    worker.start();
    fill(worker);
    have_sender("ask", "1");
    EXPECT_EQ(bodies(worker), Bodies{"open"});
    ASSERT_EQ(worker.request("helper", "op", 1), NOA_OK);
    ASSERT_TRUE(worker.script.mail.wait_for(2));
    EXPECT_EQ(bodies(worker), (Bodies{"open", "1"}));
}

TEST_F(LaneGateTest, what_waits_at_a_switch_keeps_its_order) {
    Agent former(*bus_, "worker", at_most(1));
    Agent next(*bus_, "worker", at_most(1));
    for (auto* worker : {&former, &next}) {
        worker->script.on_message = [](const noa_message&, noa_delivery, noa_error&) {
            return NOA_DEFERRED;
        };
    }
    former.start();
    fill(former);
    for (const auto* body : {"1", "2", "3"}) {
        ASSERT_EQ(driver_.send("worker", "op", body), NOA_OK);
    }
    on_lane(former.lane(), [] {});
    on_lane(former.lane(), [&] { former.lane().drain(monotonic_ns() + one_hour_ns, [](bool) {}); });
    ASSERT_EQ(driver_.send("worker", "op", "4"), NOA_OK); // taken while it drains
    on_lane(former.lane(), [] {});
    former.detach();
    ASSERT_EQ(driver_.send("worker", "op", "5"), NOA_OK);
    next.attach();
    for (std::size_t i = 0; i < 6; ++i) {
        ASSERT_TRUE(next.script.mail.wait_for(i + 1));
        ASSERT_EQ(next.reply(next.script.mail.at(i).delivery, {}), NOA_OK);
    }
    EXPECT_EQ(bodies(next), (Bodies{"open", "1", "2", "3", "4", "5"}));
}

// Defers what it gets, asks the next one, and answers when it was answered.
struct Caller {
    Caller(Bus& bus, const std::string& name, std::string next, const LaneOptions& options,
           std::uint32_t priority)
        : agent(bus, name, options), peer(std::move(next)) {
        agent.inbox().set_limit(16);
        agent.script.keeps_mail = false;
        agent.script.on_message = [this, priority](const noa_message& message,
                                                   noa_delivery delivery, noa_error&) {
            if (view(message.subject) == "inner") {
                return NOA_OK;
            }
            auto inner = outgoing(peer, "inner");
            inner.priority = priority;
            const auto status = agent.lane().request(inner, delivery, nullptr);
            return status == NOA_OK ? NOA_DEFERRED : status;
        };
        agent.script.on_answer = [this](std::uint64_t tag, noa_status status, const noa_message*) {
            EXPECT_EQ(agent.lane().settle(tag, status, {}, 0), NOA_OK);
        };
    }
    Agent agent;
    std::string peer;
};

struct Ring {
    std::size_t agents;
    std::uint32_t concurrency;
    std::uint32_t priority; // of what they ask each other
};

class FullRingTest : public BusTest, public ::testing::WithParamInterface<Ring> {};

TEST_P(FullRingTest, full_agents_that_call_each_other_neither_deadlock_nor_lose) {
    const auto& ring = GetParam();
    Agent driver(*bus_, "driver");
    driver.start();
    std::vector<std::unique_ptr<Caller>> callers;
    for (std::size_t i = 0; i < ring.agents; ++i) {
        callers.push_back(std::make_unique<Caller>(*bus_, "r" + std::to_string(i),
                                                   "r" + std::to_string((i + 1) % ring.agents),
                                                   at_most(ring.concurrency), ring.priority));
    }
    // Full before any of them runs.
    std::size_t accepted = 0;
    for (auto& caller : callers) {
        caller->agent.inbox().set_state(Inbox::State::open);
        while (driver.request(caller->agent.endpoint().name(), "outer", accepted) == NOA_OK) {
            ++accepted;
        }
    }
    ASSERT_EQ(accepted, 16 * ring.agents);
    for (auto& caller : callers) {
        caller->agent.attach();
    }
    for (std::size_t sent = 0; sent < 2000;) { // and kept full
        const auto& to = callers[sent % ring.agents]->agent.endpoint().name();
        if (driver.request(to, "outer", accepted) == NOA_OK) {
            ++accepted;
            ++sent;
        } else {
            std::this_thread::yield();
        }
    }
    ASSERT_TRUE(driver.script.answers.wait_for(accepted));
    std::vector<int> ends(accepted);
    for (const auto& answer : driver.script.answers.all()) {
        ++ends.at(answer.tag);
        EXPECT_TRUE(answer.status == NOA_OK || answer.status == NOA_E_BUSY) << answer.status;
    }
    EXPECT_EQ(std::count(ends.begin(), ends.end(), 1), static_cast<std::ptrdiff_t>(accepted));
    for (auto& caller : callers) {
        caller->agent.wait_until_empty();
    }
}

INSTANTIATE_TEST_SUITE_P(
    Rings, FullRingTest,
    ::testing::Values(Ring{2, 0, NOA_PRIORITY_NORMAL}, Ring{2, 1, NOA_PRIORITY_NORMAL},
                      Ring{2, 1, NOA_PRIORITY_LOW}, Ring{2, 1, NOA_PRIORITY_HIGH},
                      Ring{3, 1, NOA_PRIORITY_NORMAL}, Ring{1, 1, NOA_PRIORITY_NORMAL}));

// Senders mix requests that are part of other work with everything else, at agents that are at
// their limit and ask others: first deliveries keep each sender's order all the same.
TEST_F(LaneGateTest, first_deliveries_keep_their_order_whatever_passes) {
    constexpr std::uint32_t each = 500;
    constexpr std::size_t senders = 4;
    Agent worker(*bus_, "worker", at_most(2));
    Agent answering(*bus_, "answering");
    answering.start();
    worker.script.keeps_mail = false;
    std::map<std::string, std::uint32_t> last; // [worker's lane]
    std::size_t disorder = 0;
    worker.script.on_message = [&](const noa_message& message, noa_delivery delivery,
                                   noa_error&) -> noa_status {
        const auto number = static_cast<std::uint32_t>(std::stoul(text_of(message.body)));
        auto& known = last[std::string(view(message.from))];
        disorder += number == known + 1 ? 0 : 1;
        known = number;
        const auto status = worker.request("answering", "op", delivery);
        return status == NOA_OK ? NOA_DEFERRED : NOA_OK;
    };
    worker.script.on_answer = [&](std::uint64_t tag, noa_status, const noa_message*) {
        EXPECT_EQ(worker.lane().settle(tag, NOA_OK, {}, 0), NOA_OK);
    };
    worker.start();
    std::vector<std::unique_ptr<Agent>> agents;
    for (std::size_t i = 0; i < senders; ++i) {
        agents.push_back(std::make_unique<Agent>(*bus_, "s" + std::to_string(i)));
        auto& agent = *agents.back();
        agent.script.keeps_mail = false;
        agent.script.on_message = [&agent, sent = 0U](const noa_message& message, noa_delivery,
                                                      noa_error&) mutable {
            const auto body = std::to_string(++sent);
            EXPECT_EQ(view(message.subject) == "ask" ? agent.request("worker", "op", sent, body)
                                                     : agent.send("worker", "op", body),
                      NOA_OK);
            return NOA_OK;
        };
        agent.start();
    }
    for (std::uint32_t number = 0; number < each; ++number) {
        for (std::size_t i = 0; i < senders; ++i) {
            const auto* what = (number + i) % 3 == 0 ? "ask" : "send";
            ASSERT_EQ(driver_.send(agents[i]->endpoint().name(), what), NOA_OK);
        }
    }
    for (auto& agent : agents) {
        agent->wait_until_empty();
    }
    worker.wait_until_empty();
    EXPECT_EQ(disorder, 0U);
    for (const auto& [name, number] : last) {
        EXPECT_EQ(number, each) << name;
    }
}

} // namespace
} // namespace noa::bus::testing
