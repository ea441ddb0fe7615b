// Namespaces that come and go, and batches that are refused in part.
#include <string>

#include "cache_rig.hpp"

namespace {

using cache_test::json;

class CacheNamespaces : public cache_test::CacheTest {};

TEST_F(CacheNamespaces, ABatchSaysWhichWereRefusedAndWhy) {
    run(R"({"max_memory": "1MiB"})");
    const json reply =
        call("set_many", {{"values", {{"a", 1}, {"large", std::string(500'000, 'x')}}}});
    EXPECT_EQ(reply["stored"], 1);
    EXPECT_EQ(reply["refused"], (json{{"large", "too large"}}));
    EXPECT_FALSE(call("set_many", {{"values", {{"a", 1}}}}).contains("refused"));
}

TEST_F(CacheNamespaces, AnEmptyNamespaceMakesRoomForAnother) {
    run(R"({"namespaces": {"quota": "1MiB"}})");
    const auto set = [&](const std::string& space) {
        return call("set", {{"key", "a"}, {"value", space}, {"namespace", space}});
    };
    for (int number = 0; number < 62; ++number) { // default and quota are there
        EXPECT_EQ(set("n" + std::to_string(number)), (json{{"evicted", 0}}));
    }
    EXPECT_EQ(set("more"), "/namespace: there are 64 already, each with entries or a quota: flush "
                           "one of them");
    call("delete", {{"key", "a"}, {"namespace", "n7"}});
    call("get_or_load", {{"key", "b"}, {"namespace", "n7"}}); // a lease keeps it
    EXPECT_TRUE(set("more").is_string());
    call("delete", {{"key", "a"}, {"namespace", "n8"}});
    EXPECT_EQ(set("more"), (json{{"evicted", 0}}));
    EXPECT_EQ(call("get", {{"key", "a"}, {"namespace", "more"}})["value"], "more");
    EXPECT_EQ(call("get", {{"key", "a"}, {"namespace", "n8"}})["found"], false);
    EXPECT_EQ(call("get", {{"key", "a"}, {"namespace", "n9"}})["value"], "n9");
    EXPECT_EQ(call("stats", json::object())["namespaces"].size(), 64U);
}

} // namespace
