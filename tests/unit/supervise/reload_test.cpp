#include "supervise/reload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace noa::supervise {
namespace {

using testing::ElementsAre;

struct Told {
    std::vector<std::string> lines;
    Reloads reloads{[this](const ReloadRecord& record) {
        lines.push_back(std::string(name_of(record.phase)) + "/" +
                        std::string(name_of(record.ending)));
    }};
};

TEST(reload, phases_only_go_forward) {
    for (int from = 0; from < static_cast<int>(phase_count); ++from) {
        for (int to = 0; to < static_cast<int>(phase_count); ++to) {
            EXPECT_EQ(may_follow(static_cast<Phase>(from), static_cast<Phase>(to)), to > from);
        }
    }
}

TEST(reload, names_are_read_back) {
    for (std::size_t i = 0; i < phase_count; ++i) {
        EXPECT_EQ(phase_called(name_of(static_cast<Phase>(i))), static_cast<Phase>(i));
    }
    EXPECT_EQ(phase_called("nonsense"), Phase::hint);
}

TEST(reload, tells_each_phase_and_the_end_once) {
    Told told;
    {
        Reload reload(told.reloads, "cache", "file", 1, "1.0.0");
        EXPECT_TRUE(reload.enter(Phase::stage));
        EXPECT_FALSE(reload.enter(Phase::stage));
        EXPECT_FALSE(reload.enter(Phase::hint));
        EXPECT_TRUE(reload.enter(Phase::load));
        reload.end(Ending::refused, "no");
        EXPECT_FALSE(reload.enter(Phase::confirm));
        reload.end(Ending::confirmed);
    }
    EXPECT_THAT(told.lines, ElementsAre("hint/open", "stage/open", "load/open", "load/refused"));
}

TEST(reload, that_nobody_ended_is_degraded) {
    Told told;
    { const Reload reload(told.reloads, "cache", "file", 1, ""); }
    EXPECT_THAT(told.lines, ElementsAre("hint/open", "hint/degraded"));
}

TEST(reload, moves_without_being_told) {
    Told told;
    Reload first(told.reloads, "cache", "file", 1, "");
    Reload second(std::move(first));
    second.end(Ending::confirmed);
    EXPECT_THAT(told.lines, ElementsAre("hint/open", "hint/confirmed"));
}

TEST(reload, durations_are_of_the_phases_that_were_reached) {
    Told told;
    Reload reload(told.reloads, "cache", "file", 1, "");
    reload.enter(Phase::load);
    reload.end(Ending::refused);
    const auto json = told.reloads.list("cache", 1).front().to_json();
    EXPECT_TRUE(json.at("phases").contains("hint"));
    EXPECT_TRUE(json.at("phases").contains("load"));
    EXPECT_EQ(json.at("phases").size(), 2U);
}

TEST(reload, on_trial_is_called_switched) {
    Told told;
    Reload reload(told.reloads, "cache", "file", 1, "");
    reload.enter(Phase::confirm);
    EXPECT_EQ(told.reloads.list("", 9).front().to_json().at("outcome"), "switched");
    reload.end(Ending::confirmed);
    EXPECT_EQ(told.reloads.list("", 9).front().to_json().at("outcome"), "confirmed");
}

TEST(reload, the_history_is_bounded_newest_first_and_by_agent) {
    Told told;
    for (std::size_t i = 0; i < Reloads::max_ended + 10; ++i) {
        Reload(told.reloads, i % 2 == 0 ? "a" : "b", "file", 0, "").end(Ending::confirmed);
    }
    const auto all = told.reloads.list("", 10'000);
    EXPECT_EQ(all.size(), Reloads::max_ended);
    EXPECT_EQ(all.front().id, Reloads::max_ended + 10);
    EXPECT_EQ(told.reloads.list("a", 10'000).size(), Reloads::max_ended / 2);
    EXPECT_EQ(told.reloads.list("", 3).size(), 3U);
}

} // namespace
} // namespace noa::supervise
