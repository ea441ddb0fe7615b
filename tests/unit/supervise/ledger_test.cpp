#include "supervise/ledger.hpp"

#include <unistd.h>

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace noa::supervise {
namespace {

std::string digest(char digit) {
    return std::string(64, digit);
}

GoodVersion good(char digit, const std::string& version = "1") {
    return {digest(digit), version, "cache", 5};
}

Rejection rejection(char digit) {
    return {digest(digit), "2", "bad", 7};
}

LedgerPage full_page() {
    LedgerPage page;
    page.good = {good('a'), good('b')};
    page.rejected = {rejection('c')};
    page.trial = Trial{digest('d'), "3", "confirm", 4, 9, 1};
    page.chosen = digest('b');
    return page;
}

class LedgerTest : public testing::Test {
protected:
    LedgerTest() {
        std::string name = "/tmp/noa-ledger-XXXXXX";
        directory_ = ::mkdtemp(name.data());
    }
    ~LedgerTest() override { std::filesystem::remove_all(directory_); }
    Ledger open() {
        problems_.clear();
        auto ledger = Ledger::open(directory_ / "ledger", problems_);
        EXPECT_TRUE(ledger);
        return std::move(*ledger);
    }
    std::filesystem::path directory_;
    std::vector<Error> problems_;
};

TEST(ledger_page, confirmed_versions_are_kept_newest_first_and_bounded) {
    LedgerPage page;
    for (const char digit : {'a', 'b', 'c', 'a'}) {
        page.confirm(good(digit), 2);
    }
    ASSERT_EQ(page.good.size(), 2U);
    EXPECT_EQ(page.good[0].digest, digest('a'));
    EXPECT_EQ(page.good[1].digest, digest('c'));
}

TEST(ledger_page, confirmed_again_changes_nothing) {
    auto page = full_page();
    page.trial.reset();
    page.chosen.clear();
    const auto before = page;
    auto again = good('a');
    again.confirmed_unix_ns = 99;
    page.confirm(again, 3);
    EXPECT_EQ(page, before);
}

TEST(ledger_page, confirming_acquits_and_ends_the_trial) {
    auto page = full_page();
    page.reject(rejection('d'));
    EXPECT_FALSE(page.trial);
    page.confirm(good('d'), 3);
    EXPECT_EQ(page.rejection_of(digest('d')), nullptr);
    EXPECT_EQ(page.chosen, "");
}

TEST(ledger_page, falls_back_to_what_was_chosen_else_to_the_last_good_one) {
    auto page = full_page();
    EXPECT_EQ(page.fallback()->digest, digest('b'));
    page.chosen.clear();
    EXPECT_EQ(page.fallback()->digest, digest('a'));
    page.reject(rejection('a'));
    EXPECT_EQ(page.fallback()->digest, digest('b'));
    page.reject(rejection('b'));
    EXPECT_EQ(page.fallback(), nullptr);
}

TEST(ledger_page, rejections_are_bounded) {
    LedgerPage page;
    for (int i = 0; i < 40; ++i) {
        auto each = rejection('a');
        each.digest.replace(0, 2, std::to_string(10 + i));
        page.reject(each);
    }
    EXPECT_EQ(page.rejected.size(), LedgerPage::max_rejected);
    EXPECT_TRUE(page.rejected.front().digest.starts_with("49"));
}

TEST(ledger_page, reads_back_what_it_writes) {
    const auto page = full_page();
    const auto back = page_from_json(to_json(page).dump(), "x");
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_EQ(*back, page);
    EXPECT_EQ(*page_from_json(to_json(LedgerPage{}).dump(), "x"), LedgerPage{});
}

TEST(ledger_page, refuses_what_is_none) {
    for (const auto* text : {"", "null", "[]", "{}", R"({"good":[],"rejected":[],"chosen":""})",
                             R"({"good":[{}],"rejected":[],"trial":null,"chosen":""})",
                             R"({"good":[],"rejected":[],"trial":{},"chosen":""})",
                             R"({"good":[],"rejected":[],"trial":null,"chosen":"../x"})",
                             R"({"good":[],"rejected":[],"trial":null,"chosen":5})"}) {
        EXPECT_FALSE(page_from_json(text, "x")) << text;
    }
    auto json = to_json(full_page());
    json["trial"]["generation"] = -1;
    EXPECT_FALSE(page_from_json(json.dump(), "x"));
    EXPECT_FALSE(page_from_json(std::string(Ledger::max_page_bytes + 1, ' '), "x"));
}

TEST_F(LedgerTest, outlives_the_host) {
    {
        auto ledger = open();
        ASSERT_TRUE(
            ledger.update("cache", Durable::yes, [](LedgerPage& page) { page = full_page(); }));
    }
    const auto ledger = open();
    EXPECT_TRUE(problems_.empty());
    EXPECT_EQ(ledger.page("cache"), full_page());
    EXPECT_EQ(ledger.page("nobody"), LedgerPage{});
    EXPECT_THAT(ledger.agents(), testing::ElementsAre("cache"));
}

TEST_F(LedgerTest, puts_a_broken_page_aside) {
    static_cast<void>(open());
    std::ofstream(directory_ / "ledger/cache.json") << "{";
    const auto ledger = open();
    ASSERT_EQ(problems_.size(), 1U);
    EXPECT_THAT(problems_[0].text(), testing::HasSubstr("cache.json.bad"));
    EXPECT_EQ(ledger.page("cache"), LedgerPage{});
    EXPECT_TRUE(std::filesystem::exists(directory_ / "ledger/cache.json.bad"));
}

TEST_F(LedgerTest, what_could_not_be_written_counts_all_the_same) {
    auto ledger = open();
    std::filesystem::remove_all(directory_ / "ledger");
    EXPECT_FALSE(ledger.update("cache", Durable::no, [](LedgerPage& page) { page = full_page(); }));
    EXPECT_EQ(ledger.page("cache"), full_page());
}

} // namespace
} // namespace noa::supervise
