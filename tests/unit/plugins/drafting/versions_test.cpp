// Differences, merges, blame.
#include <gtest/gtest.h>

#include <random>

#include "versions/blame.hpp"
#include "versions/difference.hpp"

namespace drafting {
namespace {

std::string by_chance(std::mt19937& chance, int most) {
    static const char* const parts[] = {"a", "word ", "\n", "é", "😀", "two words\n", " ", "文"};
    std::string out;
    for (auto count = chance() % static_cast<unsigned>(most); count > 0; --count) {
        out += parts[chance() % std::size(parts)];
    }
    return out;
}

TEST(difference, makes_one_text_of_the_other) {
    const GitLibrary library;
    std::mt19937 chance(11);
    for (int turn = 0; turn < 150; ++turn) {
        const std::string before = by_chance(chance, 60);
        std::string after = by_chance(chance, 60);
        if (turn % 2 == 0) { // mostly the same
            const auto at = Text::of(before)->whole(chance() % (before.size() + 1));
            after = *Text::of(before)->slice(0, at) + "new 😀 word" +
                    *Text::of(before)->slice(at, Text::of(before)->units());
        }
        auto changes = difference(before, after);
        ASSERT_TRUE(changes);
        auto applied = changes->apply(*Text::of(before));
        ASSERT_TRUE(applied) << changes->json() << "\n" << before << "\n" << after;
        EXPECT_EQ(applied->str(), after);
    }
}

TEST(difference, is_small_where_little_changed) {
    EXPECT_EQ(difference("one two three\nfour\n", "one 2 three\nfour\nfive\n")->json(),
              "[4,[3,\"2\"],12,[0,\"five\",\"\"]]");
    EXPECT_EQ(difference("same", "same")->json(), "[4]");
    EXPECT_EQ(difference("", "")->json(), "[]");
    EXPECT_EQ(difference("a😀b", "a😁b")->json(), "[1,[2,\"😁\"],1]");
}

TEST(unified, counts_lines_and_shows_them) {
    auto one = unified("a\nb\nc\n", "a\nB\nc\n", "draft", 1);
    ASSERT_TRUE(one);
    EXPECT_EQ(one->text, "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
    EXPECT_EQ(one->added, 1U);
    EXPECT_EQ(unified("same", "same", "draft", 3)->text, "");
}

TEST(merge, takes_both_sides_and_shows_conflicts) {
    auto both = merge("1\n2\n3\n", "0\n1\n2\n3\n", "1\n2\n3\n4\n", "ours", "theirs");
    ASSERT_TRUE(both);
    EXPECT_EQ(both->text, "0\n1\n2\n3\n4\n");
    EXPECT_EQ(both->conflicts, 0U);
    auto fight = merge("1\n2\n3\n", "1\na\n3\n", "1\nb\n3\n", "ours", "theirs");
    ASSERT_TRUE(fight);
    EXPECT_EQ(fight->conflicts, 1U);
    EXPECT_NE(fight->text.find("<<<<<<< ours\na\n||||||| base\n2\n=======\nb\n>>>>>>> theirs\n"),
              std::string::npos)
        << fight->text;
    EXPECT_EQ(merge("", "", "", "a", "b")->text, "");
}

TEST(blame, names_the_newest_change_of_each_line) {
    const std::string before = "one\ntwo\nthree\n";
    Blame blame(14);
    ChangeSet first; // "one\nTWO\nthree\n"
    first.keep(4);
    first.replace(3, "TWO");
    first.keep(7);
    blame.apply(first, 1);
    ChangeSet second; // "new\none\nTWO\nthree\n"
    second.replace(0, "new\n");
    second.keep(14);
    blame.apply(second, 2);
    EXPECT_EQ(blame.lines("new\none\nTWO\nthree\n"), (std::vector<std::uint32_t>{2, 0, 1, 0}));
}

} // namespace
} // namespace drafting
