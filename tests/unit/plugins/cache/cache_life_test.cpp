#include <string>

#include "cache_rig.hpp"

namespace {

using namespace std::chrono_literals;
using cache_test::Harness;
using nlohmann::json;
using ::testing::IsEmpty;

class CacheLife : public cache_test::CacheTest {};

TEST_F(CacheLife, LivesOnAcrossAReload) {
    run();
    call("set", {{"key", "forever"}, {"value", {{"a", 1}}}});
    call("set", {{"key", "dying"}, {"value", 2}, {"ttl_s", 10}});
    call("get", {{"key", "forever"}});
    agent.advance(4s);
    Harness next(noa_plugin_entry_v1());
    const auto outcome = next.run_after(agent);
    ASSERT_TRUE(outcome) << outcome.text;
    EXPECT_EQ(call(next, "get", {{"key", "forever"}})["value"], (json{{"a", 1}}));
    EXPECT_EQ(call(next, "ttl", {{"key", "dying"}})["ttl_s"], 6.0);
    EXPECT_EQ(call(next, "stats", json::object())["hits"], 2);
    next.advance(6s + 200ms);
    EXPECT_EQ(call(next, "stats", json::object())["entries"], 1) << "the timer came along";
}

TEST_F(CacheLife, ShrinksToASmallerSetting) {
    run();
    for (int number = 0; number < 1000; ++number) {
        call("set", {{"key", std::to_string(number)}, {"value", number}});
        call("get", {{"key", "7"}});
    }
    Harness next(noa_plugin_entry_v1());
    ASSERT_TRUE(next.run_after(agent, R"({"max_entries": 100})"));
    next.advance(1s);
    EXPECT_EQ(call(next, "stats", json::object())["entries"], 100);
    EXPECT_EQ(call(next, "get", {{"key", "7"}})["found"], true) << "used most";
    EXPECT_EQ(call(next, "set", {{"key", "new"}, {"value", 1}})["evicted"], 1);
}

TEST_F(CacheLife, LivesOnWithoutAnArena) {
    agent.host().has_arena = false;
    run();
    call("set", {{"key", "a"}, {"value", 1}, {"ttl_s", 10}});
    Harness next(noa_plugin_entry_v1());
    next.host().has_arena = false;
    ASSERT_TRUE(next.run_after(agent));
    EXPECT_EQ(call(next, "get", {{"key", "a"}})["ttl_s"], 10.0);
    Harness last(noa_plugin_entry_v1());
    ASSERT_TRUE(last.run_after(next)) << "which has an arena";
    EXPECT_EQ(call(last, "get", {{"key", "a"}})["ttl_s"], 10.0);
    Harness beyond(noa_plugin_entry_v1());
    ASSERT_TRUE(beyond.run_after(last));
    EXPECT_EQ(call(beyond, "get", {{"key", "a"}})["ttl_s"], 10.0);
    EXPECT_THAT(beyond.violations(), IsEmpty());
}

TEST_F(CacheLife, BeginsEmptyWhenItIsTooLargeToHandOnWithoutAnArena) {
    agent.host().has_arena = false;
    run(R"({"max_memory": "128MiB"})");
    fill(60, 1'000'000);
    Harness next(noa_plugin_entry_v1());
    next.host().has_arena = false;
    ASSERT_TRUE(next.run_after(agent, R"({"max_memory": "128MiB"})"));
    EXPECT_EQ(agent.logs().back().event, "state.too_large");
    EXPECT_EQ(call(next, "stats", json::object())["entries"], 0);
    EXPECT_EQ(call(next, "set", {{"key", "a"}, {"value", 1}}), (json{{"evicted", 0}}));
}

TEST_F(CacheLife, LivesOnInTheArenaHoweverLarge) {
    run(R"({"max_memory": "128MiB"})");
    fill(60, 1'000'000);
    const json before = call("stats", json::object());
    Harness next(noa_plugin_entry_v1());
    ASSERT_TRUE(next.run_after(agent, R"({"max_memory": "256MiB"})")) << "and grows";
    const json after = call(next, "stats", json::object());
    EXPECT_EQ(after["entries"], 60);
    EXPECT_EQ(after["bytes"], before["bytes"]);
    EXPECT_EQ(call(next, "stats", json::object())["max_bytes"], 256 << 20);
    EXPECT_EQ(call(next, "get", {{"key", "7"}})["found"], true);
    ASSERT_TRUE(agent.swap_back(next)) << "the way back";
    EXPECT_EQ(call("get", {{"key", "7"}})["found"], true);
    EXPECT_THAT(next.violations(), IsEmpty());
}

TEST_F(CacheLife, DoesNotUseWhatACrashLeft) {
    run();
    call("set", {{"key", "a"}, {"value", 1}});
    Harness next(noa_plugin_entry_v1());
    next.host().now_ns = agent.now_ns();
    next.host().arena = agent.host().arena;
    agent.host().arena->unmap(); // as when its process ends
    agent.host().arena = std::make_shared<noa::testing::FakeArena>();
    ASSERT_TRUE(next.run());
    EXPECT_EQ(next.logs().back().event, "arena.dirty");
    EXPECT_EQ(call(next, "get", {{"key", "a"}})["found"], false);
    EXPECT_EQ(call(next, "set", {{"key", "a"}, {"value", 2}}), (json{{"evicted", 0}}));
}

TEST_F(CacheLife, ReadsTheStateOfItsFirstVersion) {
    noa::testing::SavedState state{1, {}};
    const auto number = [&](std::uint64_t value) {
        state.bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    };
    const auto text = [&](std::string_view value) {
        number(value.size());
        state.bytes += value;
    };
    for (const std::uint64_t figure : {1, 2, 3, 4, /*entries*/ 2}) {
        number(figure);
    }
    text("a");
    text(R"({"deep":[1]})");
    number(0);
    text("b");
    text(R"("text")");
    number(10'000'000'000);
    ASSERT_TRUE(agent.create());
    ASSERT_TRUE(agent.configure("{}", true));
    ASSERT_TRUE(agent.restore(state));
    ASSERT_TRUE(agent.start());
    EXPECT_EQ(call("get", {{"key", "a"}})["value"], (json{{"deep", {1}}}));
    EXPECT_EQ(call("get", {{"key", "b"}}),
              (json{{"found", true}, {"value", "text"}, {"ttl_s", 10.0}}));
}

TEST_F(CacheLife, RefusesADamagedState) {
    agent.host().has_arena = false;
    run();
    call("set", {{"key", "a"}, {"value", 1}});
    noa::testing::SavedState state;
    ASSERT_TRUE(agent.quiesce());
    ASSERT_TRUE(agent.save(state));
    for (std::size_t size = 0; size < state.bytes.size(); size = size < 200 ? size + 1 : size * 2) {
        Harness next(noa_plugin_entry_v1());
        ASSERT_TRUE(next.create());
        EXPECT_EQ(next.restore({2, state.bytes.substr(0, size)}).status, NOA_E_INVALID) << size;
    }
}

} // namespace
