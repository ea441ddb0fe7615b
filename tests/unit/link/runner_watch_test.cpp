// What the host keeps count of about a runner: its window, its output, its lane's page.
#include <sys/mman.h>

#include <gtest/gtest.h>

#include "link/lane_page.hpp"
#include "link/output.hpp"
#include "link/window.hpp"

namespace noa::link {
namespace {

TEST(Window, IsFullAtEitherLimitAndOpenAgainAtHalf) {
    std::vector<bool> told;
    Window window({4, 100}, [&](bool full) { told.push_back(full); });
    for (std::uint64_t i = 1; i <= 4; ++i) {
        window.add(i, 1);
    }
    EXPECT_EQ(told, std::vector<bool>{true});
    EXPECT_TRUE(window.remove(1));
    EXPECT_EQ(told.size(), 1U);
    EXPECT_TRUE(window.remove(2));
    EXPECT_EQ(told, (std::vector<bool>{true, false}));
    window.add(5, 98);
    EXPECT_EQ(told, (std::vector<bool>{true, false, true}));
    EXPECT_TRUE(window.remove(5));
    EXPECT_EQ(told, (std::vector<bool>{true, false, true, false}));
}

TEST(Window, KnowsWhatIsInIt) {
    Window window({4, 100}, [](bool) {});
    window.add(1, 10);
    EXPECT_TRUE(window.contains(1));
    EXPECT_TRUE(window.remove(1));
    EXPECT_FALSE(window.remove(1)); // by a runner that says everything twice
    EXPECT_FALSE(window.contains(1));
    EXPECT_EQ(window.count(), 0U);
}

TEST(Window, IsOpenOnceItWasCleared) {
    std::vector<bool> told;
    Window window({1, 100}, [&](bool full) { told.push_back(full); });
    window.add(1, 1);
    window.clear();
    window.clear();
    EXPECT_EQ(told, (std::vector<bool>{true, false}));
}

class OutputTest : public ::testing::Test {
protected:
    static constexpr std::int64_t second = 1'000'000'000;
    std::vector<std::string> lines_;
    Output output_{[this](std::string_view line) { lines_.emplace_back(line); }};
};

TEST_F(OutputTest, IsCutIntoLinesHoweverItArrives) {
    output_.add("one\ntw", second);
    output_.add("o\n\nrest", second);
    EXPECT_EQ(lines_, (std::vector<std::string>{"one", "two", ""}));
    output_.finish(second);
    EXPECT_EQ(lines_.back(), "rest");
    output_.finish(second);
    EXPECT_EQ(lines_.size(), 4U);
}

TEST_F(OutputTest, ALineWithoutEndIsCut) {
    output_.add(std::string(3 * Output::line_max + 1, 'x'), second);
    ASSERT_EQ(lines_.size(), 3U);
    EXPECT_EQ(lines_[0].size(), Output::line_max);
}

TEST_F(OutputTest, AFloodIsCountedAndEndsWithItsSecond) {
    for (std::uint32_t i = 0; i < Output::lines_per_second + 50; ++i) {
        output_.add("x\n", second);
    }
    EXPECT_EQ(lines_.size(), Output::lines_per_second);
    EXPECT_EQ(output_.take_dropped(), 50U);
    EXPECT_EQ(output_.take_dropped(), 0U);
    output_.add("y\n", 2 * second);
    EXPECT_EQ(lines_.back(), "y");
}

TEST(LanePage, ShowsTheCallThatTheOtherSideIsIn) {
    auto made = LanePage::make();
    ASSERT_TRUE(made);
    auto& [host, fd] = *made;
    auto runner = LanePage::open(fd.get());
    ASSERT_TRUE(runner);
    EXPECT_EQ(host.look().since_ns, 0);
    runner->begin("get\x1b", 17, 3);
    EXPECT_EQ(host.look().since_ns, 17);
    EXPECT_EQ(host.look().what, "get ");
    EXPECT_EQ(host.look().delivery, 3U);
    runner->end();
    EXPECT_EQ(host.look().since_ns, 0);
    EXPECT_EQ(host.look().delivery, 0U);
}

TEST(LanePage, CannotBeCutShortByTheOtherSide) {
    auto made = LanePage::make();
    ASSERT_TRUE(made);
    EXPECT_EQ(::ftruncate(made->second.get(), 0), -1);
    EXPECT_EQ(::ftruncate(made->second.get(), 1 << 20), -1);
}

TEST(LanePage, ALongNameIsCut) {
    auto made = LanePage::make();
    ASSERT_TRUE(made);
    made->first.begin(std::string(1000, 'a'), 1);
    EXPECT_LT(made->first.look().what.size(), 64U);
}

} // namespace
} // namespace noa::link
