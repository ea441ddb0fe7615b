#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "drift/back_off.hpp"
#include "drift/compare.hpp"
#include "drift/look.hpp"
#include "store/edit.hpp"

namespace config {
namespace {

using noa::Json;
using State = FileOutcome::State;
using namespace std::chrono_literals;

TEST(ConfigDrift, LeavesOutWhatIsIgnored) {
    const Json recorded{{"a", 1}, {"b", {{"c", 2}}}};
    const Json found{{"a", 1}, {"b", {{"c", 3}, {"d", 4}}}};
    const std::vector<std::string> none;
    const std::vector<std::string> two{"/b/c", "/b/d"};
    EXPECT_EQ(drift_of(recorded, found, none).size(), 2U);
    EXPECT_TRUE(drift_of(recorded, found, two).empty());
    EXPECT_EQ(with_ignored(recorded, found, two), found);
    EXPECT_EQ(with_ignored(found, recorded, two), recorded);
}

TEST(ConfigDrift, AMergePatchLeadsFromOneToTheOther) {
    const Json before{{"a", 1}, {"b", {{"c", 2}, {"d", 3}}}, {"e", {1, 2}}, {"f", {{"g", 1}}}};
    const Json after{{"b", {{"c", 2}, {"x", 1}}}, {"e", {2}}, {"f", 7}};
    Json whole = before;
    whole.merge_patch(merge_patch_between(before, after));
    EXPECT_EQ(whole, after);
    EXPECT_TRUE(merge_patch_between(before, before).empty());
}

TEST(ConfigDrift, WhoIsHealedAgainAndAgainWaitsLongerAndLonger) {
    BackOff back_off;
    noa::Time now{1h};
    EXPECT_EQ(back_off.due(now), now);
    for (const auto pause : {1s, 2s, 4s, 8s, 16s, 32s, 64s, 128s, 256s, 300s, 300s}) {
        back_off.healed(now);
        EXPECT_EQ(back_off.due(now), now + pause);
        EXPECT_EQ(back_off.fought(now), back_off.times() >= 3);
        now += pause;
    }
    now += 10min;
    EXPECT_FALSE(back_off.fought(now));
    EXPECT_EQ(back_off.due(now), now);
    back_off.healed(now);
    EXPECT_EQ(back_off.due(now), now + 1s);
}

class ConfigFiles : public ::testing::Test {
protected:
    ConfigFiles() {
        std::string name = std::filesystem::temp_directory_path() / "noa-drift-XXXXXX";
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        directory_ = name;
        std::filesystem::create_directory(directory_ / "files");
        auto store = Store::open((directory_ / "config.db").string(), {});
        EXPECT_TRUE(store);
        store_.emplace(*std::move(store));
        places_.emplace(std::vector<std::string>{(directory_ / "files").string()});
    }
    ~ConfigFiles() override {
        store_.reset();
        std::filesystem::remove_all(directory_);
    }

    [[nodiscard]] std::filesystem::path file() const { return directory_ / "files/app.json"; }
    [[nodiscard]] Json content() const {
        std::ifstream in(file());
        return Json::parse(in, nullptr, false);
    }
    void write(const std::string& text) const { std::ofstream(file()) << text; }
    FileOutcome look(const Json& wanted, Drift mode, bool heal = false) {
        FileTask task;
        task.name = "app";
        task.path = file().string();
        task.wanted = wanted;
        task.ignored = {"/seen"};
        task.mode = mode;
        task.heal = heal;
        task.most = 1000;
        return look_after(*store_, *places_, task);
    }

    std::filesystem::path directory_;
    std::optional<Store> store_;
    std::optional<Places> places_;
};

TEST_F(ConfigFiles, WhatNoaWroteIsWrittenAnewAndWhatOthersWroteIsNot) {
    EXPECT_EQ(look({{"a", 1}}, Drift::warn).state, State::written);
    EXPECT_EQ(look({{"a", 1}}, Drift::warn).state, State::as_recorded);
    EXPECT_EQ(look({{"a", 2}}, Drift::warn).state, State::written);
    EXPECT_EQ(content(), (Json{{"a", 2}}));
    write(R"({"a": 3, "seen": 9})");
    EXPECT_EQ(look({{"a", 4}}, Drift::warn).state, State::drifted);
    EXPECT_EQ(content()["a"], 3);
    EXPECT_EQ(look({{"a", 3}}, Drift::warn).state, State::as_recorded);
    EXPECT_EQ(look({{"a", 5}}, Drift::warn).state, State::written);
    EXPECT_EQ(content(), (Json{{"a", 5}, {"seen", 9}}));
}

TEST_F(ConfigFiles, WhatIsHealedIsInTheAuditLog) {
    ASSERT_EQ(look({{"a", 1}}, Drift::heal).state, State::written);
    for (const char* theirs : {R"({"a": 2})", "no json", "", "[1]"}) {
        write(theirs);
        EXPECT_EQ(look({{"a", 1}}, Drift::heal, false).state, State::drifted);
        const FileOutcome healed = look({{"a", 1}}, Drift::heal, true);
        EXPECT_EQ(healed.state, State::healed) << healed.fault;
        EXPECT_EQ(content(), (Json{{"a", 1}}));
    }
    std::filesystem::remove(file());
    EXPECT_EQ(look({{"a", 1}}, Drift::warn).state, State::drifted);
    EXPECT_EQ(look({{"a", 1}}, Drift::heal, true).state, State::healed);
    const auto entries = store_->audit({});
    ASSERT_TRUE(entries);
    EXPECT_EQ(entries->size(), 5U);
}

TEST_F(ConfigFiles, NobodyLooksWhereDriftIsOff) {
    ASSERT_EQ(look({{"a", 1}}, Drift::off).state, State::written);
    write(R"({"a": 3})");
    EXPECT_EQ(look({{"a", 2}}, Drift::off).state, State::written);
    EXPECT_EQ(content(), (Json{{"a", 2}}));
}

TEST_F(ConfigFiles, WhatIsNoFileOfOnesOwnIsAFault) {
    std::filesystem::create_directory(file());
    EXPECT_NE(look({{"a", 1}}, Drift::heal, true).fault.find("not a regular file"),
              std::string::npos);
    std::filesystem::remove(file());
    write(std::string(1001, ' '));
    EXPECT_NE(look({{"a", 1}}, Drift::heal, true).fault.find("larger than 1000"),
              std::string::npos);
    std::filesystem::remove(file());
    std::filesystem::create_symlink(directory_, directory_ / "files/there");
    EXPECT_FALSE(places_->read((directory_ / "files/there/config.db").string(), 1U << 20U));
    EXPECT_FALSE(places_->write((directory_ / "files/there/x.json").string(), "{}"));
    EXPECT_FALSE(places_->write((directory_ / "x.json").string(), "{}"));
}

} // namespace
} // namespace config
