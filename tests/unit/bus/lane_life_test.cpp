// Posts, wakes, timers, drain, attach and detach of one lane.
#include <atomic>

#include "bus_fixture.hpp"

namespace noa::bus::testing {
namespace {

using LaneLifeTest = BusTest;

noa_status defer(const noa_message& /*message*/, noa_delivery /*delivery*/, noa_error& /*error*/) {
    return NOA_DEFERRED;
}

TEST_F(LaneLifeTest, what_is_posted_runs_on_the_lane_and_in_order) {
    Agent agent(*bus_, "agent");
    std::vector<int> seen;
    bool always_on_lane = true;
    for (int i = 0; i < 1000; ++i) {
        if (i == 500) {
            ASSERT_TRUE(agent.lane().post([&] { agent.lane().attach(agent.script); }));
        }
        ASSERT_TRUE(agent.lane().post([&, i] {
            seen.push_back(i);
            always_on_lane = always_on_lane && agent.lane().on_lane();
        }));
    }
    on_lane(agent.lane(), [] {});
    ASSERT_EQ(seen.size(), 1000U);
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
    EXPECT_TRUE(always_on_lane);
    EXPECT_FALSE(agent.lane().on_lane());
}

TEST_F(LaneLifeTest, what_was_posted_before_join_runs_and_later_posts_are_refused) {
    auto& endpoint = *bus_->routes().resolve("agent");
    ASSERT_TRUE(bus_->open_inbox(endpoint));
    for (int round = 0; round < 200; ++round) {
        auto lane = must(Lane::open(*bus_, endpoint, {}, "lane"));
        std::atomic<int> ran{0};
        std::atomic<int> taken{0};
        std::thread other([&] {
            for (int i = 0; i < 50; ++i) {
                taken += lane->post([&] { ++ran; }) ? 1 : 0;
            }
        });
        lane->join();
        other.join();
        ASSERT_EQ(ran, taken);
        ASSERT_FALSE(lane->post([] {}));
    }
}

TEST_F(LaneLifeTest, a_task_posted_while_the_lane_attaches_is_not_forgotten) {
    Agent agent(*bus_, "agent");
    for (int round = 0; round < 1000; ++round) {
        Event ran;
        ASSERT_TRUE(agent.lane().post([&] { agent.lane().attach(agent.script); }));
        ASSERT_TRUE(agent.lane().post([&] { ran.set(); }));
        ASSERT_TRUE(ran.wait()) << round;
        agent.detach();
    }
}

TEST_F(LaneLifeTest, wakes_from_many_threads_all_arrive_on_the_lane) {
    constexpr std::uint64_t each_wakes = 2000;
    constexpr std::uint64_t wakers = 4;
    Agent agent(*bus_, "agent");
    std::atomic<bool> always_on_lane{true};
    agent.script.woken = [&](std::uint64_t) {
        always_on_lane = always_on_lane && agent.lane().on_lane();
    };
    agent.start();
    std::vector<std::thread> threads;
    for (std::uint64_t waker = 0; waker < wakers; ++waker) {
        threads.emplace_back([&, waker] {
            for (std::uint64_t i = 0; i < each_wakes; ++i) {
                ASSERT_EQ(agent.lane().wake(i * wakers + waker), NOA_OK);
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    ASSERT_TRUE(agent.script.wakes.wait_for(each_wakes * wakers));
    std::vector<std::uint64_t> next(wakers);
    for (const auto tag : agent.script.wakes.all()) {
        EXPECT_EQ(tag / wakers, next.at(tag % wakers)++);
    }
    EXPECT_TRUE(always_on_lane);
}

TEST_F(LaneLifeTest, wakes_wait_for_a_handler_up_to_their_limit) {
    Agent agent(*bus_, "agent");
    for (std::size_t i = 0; i < Lane::max_wakes; ++i) {
        ASSERT_EQ(agent.lane().wake(i), NOA_OK);
    }
    EXPECT_EQ(agent.lane().wake(0), NOA_E_BUSY);
    agent.start();
    ASSERT_TRUE(agent.script.wakes.wait_for(Lane::max_wakes));
    EXPECT_EQ(agent.lane().wake(1), NOA_OK);
    agent.stop();
    EXPECT_EQ(agent.lane().wake(1), NOA_E_RETIRED);
}

// A message and a wake meet an idle lane at the same time, again and again: neither may sleep.
TEST_F(LaneLifeTest, no_wake_is_lost_beside_messages) {
    constexpr std::size_t rounds = 1000;
    Agent sender(*bus_, "sender");
    Agent agent(*bus_, "agent");
    sender.start();
    agent.start();
    std::thread other([&] {
        for (std::size_t round = 0; round < rounds; ++round) {
            ASSERT_EQ(sender.send("agent", "op"), NOA_OK);
            ASSERT_TRUE(agent.script.mail.wait_for(round + 1));
        }
    });
    for (std::size_t round = 0; round < rounds; ++round) {
        ASSERT_EQ(agent.lane().wake(round), NOA_OK);
        ASSERT_TRUE(agent.script.wakes.wait_for(round + 1));
    }
    other.join();
}

TEST_F(LaneLifeTest, timers_fire_on_the_lane_with_and_without_traffic) {
    Agent agent(*bus_, "agent");
    Gathered<std::uint64_t> fired;
    agent.script.timer = [&](std::uint64_t tag) {
        EXPECT_TRUE(agent.lane().on_lane());
        fired.add(tag);
    };
    agent.start();
    on_lane(agent.lane(), [&] {
        ASSERT_EQ(agent.lane().timers().arm(1, monotonic_ns() + 1'000'000, 1'000'000), NOA_OK);
        ASSERT_EQ(agent.lane().timers().arm(2, monotonic_ns() + one_hour_ns, 0), NOA_OK);
    });
    ASSERT_TRUE(fired.wait_for(5));
    on_lane(agent.lane(), [&] { ASSERT_EQ(agent.lane().timers().cancel(1), NOA_OK); });
    for (const auto tag : fired.all()) {
        EXPECT_EQ(tag, 1U);
    }
}

TEST_F(LaneLifeTest, a_timer_armed_for_the_past_does_not_keep_the_lane) {
    Agent agent(*bus_, "agent");
    std::atomic<int> fired{0};
    agent.script.timer = [&](std::uint64_t tag) {
        ++fired;
        ASSERT_EQ(agent.lane().timers().arm(tag, 0, 0), NOA_OK);
    };
    agent.start();
    on_lane(agent.lane(), [&] { ASSERT_EQ(agent.lane().timers().arm(1, 0, 0), NOA_OK); });
    ASSERT_EQ(agent.request("agent", "self", 1), NOA_OK);
    EXPECT_TRUE(agent.script.answers.wait_for(1));
    on_lane(agent.lane(), [&] { ASSERT_EQ(agent.lane().timers().cancel(1), NOA_OK); });
    EXPECT_GT(fired, 0);
}

TEST_F(LaneLifeTest, answers_arrive_during_a_drain_and_new_work_waits) {
    Agent agent(*bus_, "agent");
    Agent other(*bus_, "other");
    other.script.on_message = defer;
    agent.start();
    other.start();
    ASSERT_EQ(agent.request("other", "op", 1), NOA_OK);
    ASSERT_TRUE(other.script.mail.wait_for(1));
    Gathered<bool> drained;
    on_lane(agent.lane(), [&] {
        agent.lane().drain(monotonic_ns() + one_hour_ns, [&](bool all) { drained.add(all); });
    });
    ASSERT_EQ(other.send("agent", "new", "work"), NOA_OK);
    ASSERT_EQ(other.send("agent", "new", "urgent", NOA_PRIORITY_HIGH), NOA_OK);
    EXPECT_EQ(agent.request("other", "op", 2), NOA_E_STATE);
    EXPECT_EQ(agent.send("other", "op"), NOA_OK);
    on_lane(agent.lane(), [] {});
    EXPECT_EQ(drained.size(), 0U) << "an answer is awaited";
    on_lane(other.lane(), [] {});
    ASSERT_EQ(other.reply(other.script.mail.at(0).delivery, "answer"), NOA_OK);
    ASSERT_TRUE(agent.script.answers.wait_for(1));
    EXPECT_EQ(agent.script.answers.at(0).body, "answer");
    ASSERT_TRUE(drained.wait_for(1));
    EXPECT_TRUE(drained.at(0));
    EXPECT_EQ(agent.script.mail.size(), 0U);
    on_lane(agent.lane(), [&] { agent.lane().resume(); });
    ASSERT_TRUE(agent.script.mail.wait_for(2));
    EXPECT_EQ(agent.script.mail.at(0).body, "urgent");
    EXPECT_FALSE(agent.script.mail.at(0).is_redelivered());
}

TEST_F(LaneLifeTest, a_drain_ends_when_the_last_open_delivery_is_settled_elsewhere) {
    Agent agent(*bus_, "agent");
    agent.script.on_message = defer;
    agent.start();
    ASSERT_EQ(agent.send("agent", "op"), NOA_OK);
    ASSERT_TRUE(agent.script.mail.wait_for(1));
    Gathered<bool> drained;
    on_lane(agent.lane(), [&] {
        agent.lane().drain(monotonic_ns() + one_hour_ns, [&](bool all) { drained.add(all); });
    });
    ASSERT_EQ(agent.reply(agent.script.mail.at(0).delivery, {}), NOA_OK);
    ASSERT_TRUE(drained.wait_for(1));
    EXPECT_TRUE(drained.at(0));
}

TEST_F(LaneLifeTest, a_drain_past_its_deadline_says_so) {
    Agent agent(*bus_, "agent");
    agent.script.on_message = defer;
    agent.start();
    ASSERT_EQ(agent.send("agent", "op"), NOA_OK);
    ASSERT_TRUE(agent.script.mail.wait_for(1));
    Gathered<bool> drained;
    on_lane(agent.lane(), [&] {
        agent.lane().drain(monotonic_ns() + 5'000'000, [&](bool all) { drained.add(all); });
    });
    ASSERT_TRUE(drained.wait_for(1));
    EXPECT_FALSE(drained.at(0));
    EXPECT_EQ(agent.inbox().deliveries().count(), 1U) << "still the plugin's to settle";
}

TEST_F(LaneLifeTest, a_drain_that_is_undone_when_it_ends_takes_up_what_was_held) {
    Agent agent(*bus_, "agent");
    agent.script.on_message = [](const noa_message& message, noa_delivery, noa_error&) {
        return view(message.subject) == "open" ? NOA_DEFERRED : NOA_OK;
    };
    agent.start();
    ASSERT_EQ(agent.send("agent", "open"), NOA_OK);
    ASSERT_TRUE(agent.script.mail.wait_for(1));
    on_lane(agent.lane(), [&] {
        agent.lane().drain(monotonic_ns() + one_hour_ns, [&](bool) { agent.lane().resume(); });
    });
    ASSERT_EQ(agent.send("agent", "held"), NOA_OK);
    on_lane(agent.lane(), [] {}); // it is held now
    on_lane(agent.lane(), [] {});
    ASSERT_EQ(agent.reply(agent.script.mail.at(0).delivery, {}), NOA_OK);
    EXPECT_TRUE(agent.script.mail.wait_for(2));
}

TEST_F(LaneLifeTest, when_empty_waits_for_the_last_deferred_one_and_may_detach) {
    Agent agent(*bus_, "agent");
    agent.script.on_message = defer;
    agent.start();
    ASSERT_EQ(agent.send("agent", "op"), NOA_OK);
    ASSERT_TRUE(agent.script.mail.wait_for(1));
    Event empty;
    on_lane(agent.lane(), [&] {
        agent.lane().when_empty([&] {
            agent.lane().detach();
            empty.set();
        });
    });
    ASSERT_EQ(agent.reply(agent.script.mail.at(0).delivery, {}), NOA_OK);
    ASSERT_TRUE(empty.wait());
    // Detached: the inbox is another lane's, and this one still runs what is posted.
    Agent next(*bus_, "agent");
    next.attach();
    ASSERT_EQ(next.send("agent", "op"), NOA_OK);
    ASSERT_TRUE(next.script.mail.wait_for(1));
    on_lane(agent.lane(), [] {});
}

TEST_F(LaneLifeTest, forgetting_drops_own_requests_and_timers) {
    Agent agent(*bus_, "agent");
    Agent other(*bus_, "other");
    other.script.on_message = defer;
    agent.start();
    other.start();
    ASSERT_EQ(agent.request("other", "op", 1), NOA_OK);
    ASSERT_TRUE(other.script.mail.wait_for(1));
    on_lane(other.lane(), [] {});
    on_lane(agent.lane(), [&] {
        ASSERT_EQ(agent.lane().timers().arm(1, monotonic_ns() + one_hour_ns, 0), NOA_OK);
        agent.lane().forget();
        EXPECT_EQ(agent.lane().timers().count(), 0U);
    });
    ASSERT_EQ(other.reply(other.script.mail.at(0).delivery, "late"), NOA_OK);
    on_lane(agent.lane(), [] {});
    while (agent.inbox().counters().discarded.get() < 2) { // once forgotten, once too late
        std::this_thread::yield();
    }
    EXPECT_EQ(agent.script.answers.size(), 0U);
    EXPECT_EQ(agent.request("other", "op", 2), NOA_E_STATE);
}

TEST_F(LaneLifeTest, a_lane_says_how_long_it_has_been_awake) {
    Agent sender(*bus_, "sender");
    Agent agent(*bus_, "agent");
    sender.start();
    while (agent.lane().busy_for_ns() != 0) { // not attached: it sleeps
        std::this_thread::yield();
    }
    {
        Blockade blockade(agent);
        agent.start();
        blockade.close(sender, "agent");
        EXPECT_GT(agent.lane().busy_for_ns(), 0);
        EXPECT_EQ(agent.lane().calls(), 1U);
        blockade.release();
        ASSERT_TRUE(agent.script.mail.wait_for(1));
        while (agent.lane().busy_for_ns() != 0) {
            std::this_thread::yield();
        }
    }
    agent.detach();
    while (agent.lane().busy_for_ns() != 0) {
        std::this_thread::yield();
    }
}

TEST_F(LaneLifeTest, a_lane_that_spins_hears_messages_wakes_and_posts) {
    LaneOptions options;
    options.spin_ns = 20'000;
    Agent agent(*bus_, "agent", options);
    agent.start();
    for (std::size_t round = 0; round < 500; ++round) {
        ASSERT_EQ(agent.request("agent", "op", round), NOA_OK);
        ASSERT_EQ(agent.lane().wake(round), NOA_OK);
        ASSERT_TRUE(agent.script.answers.wait_for(round + 1));
        ASSERT_TRUE(agent.script.wakes.wait_for(round + 1));
        on_lane(agent.lane(), [] {});
    }
}

} // namespace
} // namespace noa::bus::testing
