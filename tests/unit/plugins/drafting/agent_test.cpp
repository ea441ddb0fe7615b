// The agent, without a host: time, quotas, what is delivered twice, the next generation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "noa/testing/harness.hpp"

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using noa::testing::Answer;
using noa::testing::CallOptions;
using noa::testing::Harness;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class drafting_agent : public ::testing::Test {
public:
    ~drafting_agent() override { EXPECT_THAT(agent.violations(), IsEmpty()); }

    void run(const json& settings = json::object()) {
        const auto outcome = agent.run(settings.dump());
        ASSERT_TRUE(outcome) << outcome.text;
    }
    // Answered, by one of the store's threads if need be.
    Answer call(const std::string& operation, const json& body, const CallOptions& options = {}) {
        agent.call(operation, body.dump(), options);
        const auto delivery = agent.last_delivery();
        EXPECT_TRUE(agent.run_until([&] { return agent.answer(delivery).settled; })) << operation;
        return agent.answer(delivery);
    }
    json ok(const std::string& operation, const json& body, const CallOptions& options = {}) {
        const auto answer = call(operation, body, options);
        EXPECT_TRUE(answer.ok()) << operation << ": " << answer.text;
        return answer.ok() ? json::parse(answer.body) : json();
    }
    void create(const std::string& id, const std::string& content = "") {
        ok("create", {{"title", id}, {"id", id}, {"content", content}, {"as", "ann"}});
    }
    Answer edit(const std::string& id, int version, const json& changes) {
        return call("edit", {{"id", id},
                             {"version", version},
                             {"updates", {{{"clientID", "c"}, {"changes", changes}}}}});
    }
    // Soon: a thread of the store has it in its hands.
    bool comes(const std::string& status) {
        for (int turn = 0; turn < 200; ++turn) {
            const json drafts = ok("list", json::object())["drafts"];
            if ((drafts.empty() ? "nothing" : drafts[0]["status"]) == json(status)) {
                return true;
            }
        }
        return false;
    }
    double figure(const std::string& name) { return json::parse(agent.metrics())[name]["value"]; }

    Harness agent{noa_plugin_entry_v1()};
};

TEST_F(drafting_agent, puts_texts_down_and_lets_go_of_what_nobody_uses) {
    run({{"auto_save", "30s"}, {"idle", "1min"}});
    create("a");
    ASSERT_TRUE(edit("a", 0, {{0, "text"}}).ok());
    EXPECT_EQ(figure("drafts_open"), 1);
    EXPECT_EQ(figure("checkpoints_total"), 0);
    agent.advance(31s);
    ASSERT_TRUE(agent.run_until([&] { return figure("checkpoints_total") == 1; }));
    agent.advance(61s);
    EXPECT_EQ(figure("drafts_open"), 0);
    EXPECT_EQ(ok("get", {{"id", "a"}})["content"], "text");
}

TEST_F(drafting_agent, archives_what_is_old_and_forgets_what_is_archived) {
    run({{"idle", "1s"}, {"lifecycle", {{"archive", "5min"}, {"expire", "10min"}}}});
    create("a");
    agent.advance(6min);
    EXPECT_TRUE(comes("archived"));
    agent.advance(12min);
    EXPECT_TRUE(comes("nothing"));
}

TEST_F(drafting_agent, takes_what_is_delivered_twice_once) {
    run();
    ok("create", {{"title", "a"}});
    const CallOptions again{.attempt = 2, .repeats = agent.last_delivery()};
    ok("create", {{"title", "a"}}, again);
    EXPECT_EQ(ok("list", json::object())["drafts"].size(), 1U);
    create("b", "one\n");
    ok("update", {{"id", "b"}, {"version", 0}, {"content", "one\ntwo\n"}});
    const CallOptions twice{.attempt = 2, .repeats = agent.last_delivery()};
    ok("update", {{"id", "b"}, {"version", 0}, {"content", "one\ntwo\n"}}, twice);
    EXPECT_EQ(ok("get", {{"id", "b"}})["content"], "one\ntwo\n");
}

TEST_F(drafting_agent, hands_everything_on_to_the_next_generation) {
    run();
    create("a", "x");
    ASSERT_TRUE(edit("a", 0, {1, {0, "y"}}).ok());
    Harness next(noa_plugin_entry_v1());
    next.set_state_dir(agent.host().state_path);
    ASSERT_TRUE(next.run_after(agent));
    next.call("get", R"({"id": "a"})");
    const auto delivery = next.last_delivery();
    ASSERT_TRUE(next.run_until([&] { return next.answer(delivery).settled; }));
    EXPECT_EQ(json::parse(next.answer(delivery).body)["content"], "xy");
    EXPECT_THAT(next.violations(), IsEmpty());
}

TEST_F(drafting_agent, ends_sessions_that_are_silent) {
    run({{"sessions", {{"silent", "10s"}, {"most", 1}}}});
    create("a");
    ok("open", {{"id", "a"}, {"session", "s"}});
    EXPECT_EQ(call("open", {{"id", "a"}}).status, NOA_E_BUSY);
    agent.advance(5s);
    ok("presence", {{"id", "a"}, {"session", "s"}, {"cursor", {{"anchor", 0}, {"head", 0}}}});
    agent.advance(9s);
    EXPECT_EQ(figure("sessions"), 1);
    agent.advance(3s);
    EXPECT_EQ(figure("sessions"), 0);
    EXPECT_THAT(agent.published().back().body, HasSubstr("\"gone\":true"));
}

TEST_F(drafting_agent, is_not_flooded) {
    run();
    create("a");
    unsigned refused = 0;
    for (int turn = 0; turn < 150; ++turn) {
        const auto answer = call("presence", {{"id", "a"}, {"session", "s"}});
        refused += answer.status == NOA_E_BUSY ? 1 : 0;
    }
    EXPECT_EQ(refused, 50U);
    agent.advance(1s);
    EXPECT_TRUE(call("presence", {{"id", "a"}, {"session", "s"}}).ok());
    EXPECT_EQ(call("get", {{"id", std::string(100'000, 'x')}}).status, NOA_E_NOT_FOUND);
}

TEST_F(drafting_agent, tells_who_waits_when_something_came) {
    run();
    create("a");
    agent.call("pull", R"({"id": "a", "version": 0, "wait_s": 30})");
    const auto waiting = agent.last_delivery();
    EXPECT_FALSE(agent.answer(waiting).settled);
    ASSERT_TRUE(edit("a", 0, {{0, "!"}}).ok());
    ASSERT_TRUE(agent.run_until([&] { return agent.answer(waiting).settled; }));
    EXPECT_EQ(json::parse(agent.answer(waiting).body)["updates"].size(), 1U);
    agent.call("pull", R"({"id": "a", "version": 1, "wait_s": 30})");
    const auto in_vain = agent.last_delivery();
    agent.advance(31s);
    EXPECT_EQ(json::parse(agent.answer(in_vain).body)["version"], 1);
}

TEST_F(drafting_agent, keeps_no_more_texts_in_memory_than_it_may) {
    run({{"idle", "1h"}, {"quotas", {{"draft", "100KiB"}, {"open", "200KiB"}}}});
    for (const char* id : {"a", "b", "c", "d"}) {
        create(id, std::string(70'000, 'x'));
        ok("get", {{"id", id}, {"content", false}});
    }
    EXPECT_LE(figure("drafts_open_bytes"), 200 << 10);
    EXPECT_EQ(figure("drafts_open"), 2);
}

} // namespace
