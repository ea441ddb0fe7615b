#include <set>
#include <string>

#include "cache_rig.hpp"

namespace {

using namespace std::chrono_literals;
using cache_test::Harness;
using nlohmann::json;

class Cache : public cache_test::CacheTest {};

TEST_F(Cache, GivesBackWhatWasSet) {
    run();
    for (const json& value : {json(nullptr), json(true), json(1.5), json("text"), json({1, 2}),
                              json({{"deep", {{"er", "€"}}}})}) {
        EXPECT_EQ(call("set", {{"key", "a"}, {"value", value}}), (json{{"evicted", 0}}));
        EXPECT_EQ(call("get", {{"key", "a"}}), (json{{"found", true}, {"value", value}}));
    }
    EXPECT_EQ(call("get", {{"key", "b"}}), (json{{"found", false}}));
}

TEST_F(Cache, Deletes) {
    run();
    call("set", {{"key", "a"}, {"value", 1}});
    EXPECT_EQ(call("delete", {{"key", "a"}}), (json{{"deleted", true}}));
    EXPECT_EQ(call("delete", {{"key", "a"}}), (json{{"deleted", false}}));
    EXPECT_EQ(call("get", {{"key", "a"}}), (json{{"found", false}}));
}

TEST_F(Cache, LetsValuesDie) {
    run();
    call("set", {{"key", "a"}, {"value", 1}, {"ttl_s", 10}});
    agent.advance(4s);
    EXPECT_EQ(call("get", {{"key", "a"}})["ttl_s"], 6.0);
    EXPECT_EQ(call("ttl", {{"key", "a"}}), (json{{"found", true}, {"ttl_s", 6.0}}));
    agent.advance(6s);
    EXPECT_EQ(call("get", {{"key", "a"}}), (json{{"found", false}}));
    EXPECT_EQ(call("ttl", {{"key", "a"}}), (json{{"found", false}}));
}

TEST_F(Cache, ChangesTheTimeToLive) {
    run();
    call("set", {{"key", "a"}, {"value", 1}});
    EXPECT_EQ(call("ttl", {{"key", "a"}}), (json{{"found", true}}));
    EXPECT_EQ(call("ttl", {{"key", "a"}, {"ttl_s", 5}})["ttl_s"], 5.0);
    EXPECT_EQ(call("ttl", {{"key", "a"}, {"persist", true}}), (json{{"found", true}}));
    agent.advance(1h);
    EXPECT_EQ(call("get", {{"key", "a"}})["found"], true);
    EXPECT_EQ(call("ttl", {{"key", "a"}, {"persist", true}, {"ttl_s", 1}}),
              "/persist: contradicts ttl_s");
}

TEST_F(Cache, HasATimerOnlyWhileSomethingCanDie) {
    run();
    EXPECT_EQ(agent.timers(), 0U);
    call("set", {{"key", "a"}, {"value", 1}});
    EXPECT_EQ(agent.timers(), 0U);
    call("set", {{"key", "b"}, {"value", 1}, {"ttl_s", 0.001}});
    EXPECT_EQ(agent.timers(), 1U);
    agent.advance(99ms);
    EXPECT_EQ(call("stats", json::object())["entries"], 2) << "not woken within 100 ms";
    agent.advance(201ms);
    EXPECT_EQ(call("stats", json::object())["entries"], 1);
    EXPECT_EQ(agent.timers(), 0U);
}

TEST_F(Cache, FreesAnEarlierEndThatComesLater) {
    run();
    call("set", {{"key", "long"}, {"value", 1}, {"ttl_s", 86400}});
    call("set", {{"key", "short"}, {"value", 1}, {"ttl_s", 5}});
    EXPECT_EQ(agent.timers(), 1U);
    agent.advance(5s + 200ms);
    EXPECT_EQ(call("stats", json::object())["entries"], 1);
    EXPECT_EQ(agent.timers(), 1U);
}

TEST_F(Cache, FreesManyDeadInPortions) {
    run();
    const json empty = call("stats", json::object());
    for (int number = 0; number < 25'000; ++number) {
        agent.call("set", json{{"key", std::to_string(number)}, {"value", 1}, {"ttl_s", 1}}.dump());
    }
    EXPECT_GT(call("stats", json::object())["bytes"], 25'000 * 24);
    agent.advance(2s);
    const json stats = call("stats", json::object());
    EXPECT_EQ(stats["entries"], 0);
    EXPECT_EQ(stats["expired"], 25'000);
    EXPECT_LT(stats["bytes"].get<int>(), empty["bytes"].get<int>() + 700'000) << "given back";
}

TEST_F(Cache, StaysWithinItsMemory) {
    run(R"({"max_memory": "1MiB"})");
    json last;
    for (int number = 0; number < 10'000; ++number) {
        last = call("set", {{"key", std::to_string(number)}, {"value", std::string(200, 'x')}});
    }
    EXPECT_EQ(last, (json{{"evicted", 1}}));
    const json stats = call("stats", json::object());
    EXPECT_LE(stats["bytes"], 1 << 20);
    EXPECT_EQ(stats["max_bytes"], 1 << 20);
    EXPECT_GT(stats["entries"], 3000);
    EXPECT_EQ(
        agent.call("set", json{{"key", "a"}, {"value", std::string(300'000, 'x')}}.dump()).status,
        NOA_E_TOO_LARGE);
}

TEST_F(Cache, GivesTheDefaultTimeToLive) {
    run(R"({"default_ttl": "1m"})");
    call("set", {{"key", "a"}, {"value", 1}});
    EXPECT_EQ(call("ttl", {{"key", "a"}})["ttl_s"], 60.0);
}

TEST_F(Cache, RefusesWhatMakesNoSense) {
    run();
    EXPECT_EQ(call("set", {{"key", ""}, {"value", 1}}), "/key: must have 1 to 4096 bytes");
    EXPECT_EQ(call("get", {{"key", std::string(4097, 'x')}}), "/key: must have 1 to 4096 bytes");
    EXPECT_EQ(call("set", {{"key", "a"}}), "/value: is missing");
    for (const double ttl : {0.0, -1.0, 1e300}) {
        EXPECT_EQ(call("set", {{"key", "a"}, {"value", 1}, {"ttl_s", ttl}}),
                  "/ttl_s: must be above 0 and at most ten years");
    }
    EXPECT_EQ(call("set", {{"key", "a"}, {"value", 1}, {"tll_s", 1}}),
              "/tll_s: is not known here (key, value, ttl_s, stale_s, nx, xx, tags, lease, "
              "namespace)");
    EXPECT_EQ(agent.call("set", "{\"key\": \"\xff\"}").status, NOA_E_INVALID);
}

TEST_F(Cache, RefusesSettingsThatMakeNoSense) {
    ASSERT_TRUE(agent.create());
    EXPECT_EQ(agent.configure(R"({"max_memory": "1B"})", false).text,
              "/max_memory: must be 1MiB to 8GiB");
    EXPECT_EQ(agent.configure(R"({"default_ttl": "0s"})", false).status, NOA_E_INVALID);
    EXPECT_EQ(agent.configure(R"({"max_memory": "lots"})", false).status, NOA_E_INVALID);
}

TEST_F(Cache, TellsItsFigures) {
    run();
    call("set", {{"key", "a"}, {"value", 1}});
    call("get", {{"key", "a"}});
    call("get", {{"key", "b"}});
    const json metrics = json::parse(agent.metrics());
    EXPECT_EQ(metrics["hits_total"]["value"], 1);
    EXPECT_EQ(metrics["hits_total"]["type"], "counter");
    EXPECT_EQ(metrics["misses_total"]["value"], 1);
    EXPECT_EQ(metrics["entries"]["value"], 1);
    const json operations = json::parse(agent.describe())["operations"];
    for (const char* name :
         {"get", "set", "get_many", "set_many", "delete", "expire", "ttl", "increment",
          "get_or_load", "fail", "keys", "flush", "stats", "hot_keys", "big_keys"}) {
        EXPECT_TRUE(operations[name].contains("reply")) << name;
    }
}

TEST_F(Cache, SetsOnlyWhenAskedTo) {
    run();
    EXPECT_EQ(call("set", {{"key", "a"}, {"value", 1}, {"xx", true}}),
              (json{{"evicted", 0}, {"stored", false}}));
    EXPECT_EQ(call("set", {{"key", "a"}, {"value", 1}, {"nx", true}}), (json{{"evicted", 0}}));
    EXPECT_EQ(call("set", {{"key", "a"}, {"value", 2}, {"nx", true}})["stored"], false);
    EXPECT_EQ(call("get", {{"key", "a"}})["value"], 1);
    EXPECT_EQ(call("set", {{"key", "a"}, {"value", 2}, {"nx", true}, {"xx", true}}),
              "/xx: contradicts nx");
}

TEST_F(Cache, CountsUpAndDown) {
    run();
    EXPECT_EQ(call("increment", {{"key", "n"}}), (json{{"value", 1}}));
    EXPECT_EQ(call("increment", {{"key", "n"}, {"by", -11}}), (json{{"value", -10}}));
    EXPECT_EQ(call("get", {{"key", "n"}})["value"], -10);
    call("set", {{"key", "n"}, {"value", INT64_MAX}, {"ttl_s", 60}});
    EXPECT_EQ(call("increment", {{"key", "n"}}), "/by: the sum is beyond 64 bits");
    call("increment", {{"key", "n"}, {"by", -1}});
    EXPECT_EQ(call("ttl", {{"key", "n"}})["ttl_s"], 60.0) << "it keeps its end";
    call("set", {{"key", "n"}, {"value", "12"}});
    EXPECT_EQ(call("increment", {{"key", "n"}}), (json{{"value", 13}}));
    EXPECT_EQ(call("get", {{"key", "n"}})["value"], "13") << "and its type";
    for (const json& other : {json("x"), json(1.5), json({1})}) {
        call("set", {{"key", "n"}, {"value", other}});
        EXPECT_EQ(call("increment", {{"key", "n"}}), "/key: the value is not a whole number");
    }
}

TEST_F(Cache, ExpiresOnRequest) {
    run();
    call("set", {{"key", "a"}, {"value", 1}});
    EXPECT_EQ(call("expire", {{"key", "a"}, {"ttl_s", 2}}), (json{{"found", true}}));
    EXPECT_EQ(call("ttl", {{"key", "a"}})["ttl_s"], 2.0);
    EXPECT_EQ(call("expire", {{"key", "a"}, {"ttl_s", 0}}), (json{{"found", true}}));
    EXPECT_EQ(call("expire", {{"key", "a"}, {"ttl_s", 1}}), (json{{"found", false}}));
}

TEST_F(Cache, TakesMany) {
    run();
    EXPECT_EQ(
        call("set_many", {{"values", {{"a", 1}, {"b", "text"}, {"c", {1, 2}}}}, {"ttl_s", 9}}),
        (json{{"stored", 3}, {"evicted", 0}}));
    EXPECT_EQ(call("get_many", {{"keys", {"a", "c", "none", "b"}}}),
              (json{{"values", {{"a", 1}, {"b", "text"}, {"c", {1, 2}}}}}));
    EXPECT_EQ(call("ttl", {{"key", "a"}})["ttl_s"], 9.0);
    EXPECT_EQ(call("get_many", {{"keys", json::array()}}), (json{{"values", json::object()}}));
    EXPECT_EQ(call("set_many", {{"values", {{"", 1}}}}), "/values: keys have 1 to 4096 bytes");
    EXPECT_EQ(call("get_many", {{"keys", json::array_t(10'001, "a")}}), "/keys: 10,000 at most");
}

TEST_F(Cache, KeepsNamespacesApart) {
    run(R"({"namespaces": {"small": "64KiB"}})");
    call("set", {{"key", "a"}, {"value", 1}});
    call("set", {{"key", "a"}, {"value", 2}, {"namespace", "other"}});
    EXPECT_EQ(call("get", {{"key", "a"}})["value"], 1);
    EXPECT_EQ(call("get", {{"key", "a"}, {"namespace", "other"}})["value"], 2);
    EXPECT_EQ(call("get", {{"key", "a"}, {"namespace", "nobody"}}), (json{{"found", false}}));
    for (int number = 0; number < 1000; ++number) {
        call("set", {{"key", std::to_string(number)},
                     {"value", std::string(200, 'x')},
                     {"namespace", "small"}});
    }
    const json spaces = call("stats", json::object())["namespaces"];
    EXPECT_LE(spaces["small"]["bytes"], 65'536);
    EXPECT_EQ(spaces["other"]["entries"], 1);
    EXPECT_EQ(call("flush", {{"namespace", "other"}}), (json{{"flushed", 1}}));
    EXPECT_EQ(call("get", {{"key", "a"}, {"namespace", "other"}})["found"], false);
    EXPECT_EQ(call("get", {{"key", "a"}})["value"], 1);
    call("flush", {{"all", true}});
    EXPECT_EQ(call("stats", json::object())["entries"], 0);
    EXPECT_EQ(call("set", {{"key", "a"}, {"value", 1}, {"namespace", std::string(41, 'n')}}),
              "/namespace: must have 1 to 40 bytes");
}

TEST_F(Cache, ForgetsByTag) {
    run();
    call("set", {{"key", "a"}, {"value", 1}, {"tags", {"user:1", "page"}}});
    call("set", {{"key", "b"}, {"value", 1}, {"tags", {"page"}}});
    call("set", {{"key", "c"}, {"value", 1}});
    agent.call("invalidate", R"({"tags": ["user:1"]})");
    EXPECT_EQ(call("get", {{"key", "a"}})["found"], false);
    EXPECT_EQ(call("get", {{"key", "b"}})["found"], true);
    agent.call("invalidate", R"({"tags": ["page", "nothing"]})");
    agent.advance(20s);
    EXPECT_EQ(call("stats", json::object())["entries"], 1) << "swept";
    EXPECT_EQ(call("stats", json::object())["invalidated"], 2);
    EXPECT_EQ(call("set", {{"key", "a"}, {"value", 1}, {"tags", json::array_t(17, "t")}}),
              "/tags: 16 at most");
}

TEST_F(Cache, ShowsItsKeys) {
    run();
    for (int number = 0; number < 1000; ++number) {
        call("set", {{"key", (number % 2 == 0 ? "even:" : "odd:") + std::to_string(number)},
                     {"value", number}});
    }
    std::set<std::string> seen;
    std::string cursor = "0";
    int calls = 0;
    do {
        const json part = call("keys", {{"cursor", cursor}, {"pattern", "odd:*"}, {"count", 50}});
        for (const json& key : part["keys"]) {
            seen.insert(key.get<std::string>());
        }
        cursor = part["cursor"];
        ++calls;
    } while (cursor != "0");
    EXPECT_EQ(seen.size(), 500U);
    EXPECT_GT(calls, 5);
    EXPECT_EQ(call("keys", {{"cursor", "x"}}), "/cursor: is none that a reply gave");
    for (const char* odd : {"1", "68719476735", "12345678901"}) {
        EXPECT_TRUE(call("keys", {{"cursor", odd}}).contains("keys")) << "any number is survived";
    }
}

TEST_F(Cache, ShowsWhatIsHotAndWhatIsBig) {
    run();
    for (int number = 0; number < 3000; ++number) {
        call("set", {{"key", std::to_string(number)}, {"value", std::string(number, 'x')}});
    }
    for (int round = 0; round < 400; ++round) {
        call("get", {{"key", round % 4 == 0 ? "cool" : "hot"}});
    }
    const json hot = call("hot_keys", {{"count", 1}})["keys"];
    ASSERT_EQ(hot.size(), 1U);
    EXPECT_EQ(hot[0]["key"], "hot");
    EXPECT_NEAR(hot[0]["uses"].get<int>(), 300, 150);
    const json big = call("big_keys", {{"count", 3}})["keys"];
    ASSERT_EQ(big.size(), 3U);
    EXPECT_GT(big[0]["bytes"], 2900);
    EXPECT_EQ(big[0]["type"], "string");
}

} // namespace
