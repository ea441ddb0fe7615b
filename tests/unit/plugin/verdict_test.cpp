#include "plugin/verdict.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "plugin/verdict_cache.hpp"
#include "support.hpp"

namespace noa::plugin {
namespace {

ProbeFacts some_facts() {
    ProbeFacts facts;
    facts.id = "cache";
    facts.version = "1.0";
    facts.description = "keeps";
    facts.settings_schema = "{}";
    facts.state_schema = 3;
    facts.oldest_state_schema = 1;
    facts.description_json = {{"operations", nlohmann::json::object()}};
    facts.pinned = {"why"};
    return facts;
}

TEST(Verdict, FactsGoAcross) {
    const auto verdict = verdict_from(verdict_line(some_facts()), "/x");
    ASSERT_TRUE(verdict && *verdict);
    EXPECT_EQ(to_json(**verdict), to_json(some_facts()));
}

TEST(Verdict, AnErrorGoesAcross) {
    const Result<ProbeFacts> error = fail(Errc::denied, "a", "b", "because\nof", "do");
    const auto verdict = verdict_from(verdict_line(error), "/x");
    ASSERT_TRUE(verdict);
    ASSERT_FALSE(*verdict);
    EXPECT_EQ(verdict->error().text(), "probe plugin: /x: because of (do)");
    EXPECT_EQ(verdict->error().code, Errc::denied);
}

TEST(Verdict, WhatAHostilePluginWritesInItsPlaceIsNone) {
    auto json = nlohmann::json::parse(verdict_line(some_facts()));
    for (const char* key : {"id", "version", "settings_schema", "flags", "pinned",
                            "description_json", "oldest_state_schema"}) {
        for (const auto& value :
             {nlohmann::json(-1), nlohmann::json("Bad Id\n" + std::string(300'000, 'x')),
              nlohmann::json::array({1})}) {
            auto changed = json;
            changed["facts"][key] = value;
            EXPECT_FALSE(verdict_from(changed.dump(), "/x")) << key;
        }
        auto without = json;
        without["facts"].erase(key);
        EXPECT_FALSE(verdict_from(without.dump(), "/x")) << key;
    }
    for (const char* text : {"", "{", "[]", "{}", R"({"ok":1})", R"({"ok":true})",
                             R"({"ok":false})", R"({"ok":false,"code":1})"}) {
        EXPECT_FALSE(verdict_from(text, "/x")) << text;
    }
}

class Cache : public testing::Test {
protected:
    [[nodiscard]] std::filesystem::path directory() const { return temp_ / "verdicts"; }
    [[nodiscard]] std::size_t count() const {
        const std::filesystem::directory_iterator entries(directory());
        return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
    }
    test::TempDir temp_;
};

TEST_F(Cache, FindsWhatWasStored) {
    const VerdictCache cache(directory());
    const auto key = VerdictCache::key("abc", "{}");
    EXPECT_FALSE(cache.find(key));
    cache.store(key, some_facts());
    const auto found = cache.find(key);
    ASSERT_TRUE(found);
    EXPECT_EQ(to_json(*found), to_json(some_facts()));
    EXPECT_FALSE(cache.find(VerdictCache::key("abc", "{\"a\":1}")));
    EXPECT_FALSE(cache.find(VerdictCache::key("abd", "{}")));
}

TEST_F(Cache, IsPrivate) {
    const VerdictCache cache(directory());
    const auto key = VerdictCache::key("abc", "{}");
    cache.store(key, some_facts());
    struct stat status {};
    ASSERT_EQ(::stat(directory().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);
    ASSERT_EQ(::stat((directory() / (key + ".json")).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(Cache, IgnoresBrokenAndMisplacedFiles) {
    const VerdictCache cache(directory());
    const auto key = VerdictCache::key("abc", "{}");
    cache.store(key, some_facts());
    const auto other = VerdictCache::key("other", "{}");
    std::filesystem::copy_file(directory() / (key + ".json"), directory() / (other + ".json"));
    EXPECT_FALSE(cache.find(other));
    for (const char* text : {"", "{", "[1]", "{\"key\":1}"}) {
        test::write_file(directory() / (key + ".json"), text);
        EXPECT_FALSE(cache.find(key));
    }
    cache.store(key, some_facts());
    EXPECT_TRUE(cache.find(key));
}

TEST_F(Cache, KeepsABoundedNumberAndTheNewest) {
    const VerdictCache cache(directory());
    const auto begin_time =
        std::filesystem::file_time_type::clock::now() - std::chrono::hours(10'000);
    for (std::size_t i = 0; i < VerdictCache::entries_max + 20; ++i) {
        cache.store(VerdictCache::key(std::to_string(i), ""), some_facts());
        // Ages that do not depend on how fast this runs.
        const auto file = directory() / (VerdictCache::key(std::to_string(i), "") + ".json");
        const auto time = begin_time + std::chrono::seconds(i);
        std::error_code ignored;
        std::filesystem::last_write_time(file, time, ignored);
    }
    EXPECT_LE(count(), VerdictCache::entries_max + 1);
    EXPECT_FALSE(cache.find(VerdictCache::key("0", "")));
    EXPECT_TRUE(cache.find(VerdictCache::key("270", "")));
}

TEST_F(Cache, WithoutADirectoryNothingIsKept) {
    const VerdictCache cache({});
    cache.store("key", some_facts());
    EXPECT_FALSE(cache.find("key"));
}

TEST_F(Cache, ADirectoryThatCannotBeMadeIsNoError) {
    test::write_file(temp_ / "file", "");
    const VerdictCache cache(temp_ / "file/verdicts");
    cache.store("key", some_facts());
    EXPECT_FALSE(cache.find("key"));
}

} // namespace
} // namespace noa::plugin
