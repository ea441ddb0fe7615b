#include "noactl/table.hpp"

#include <sstream>

#include <gmock/gmock.h>

#include "noactl/check_host.hpp"
#include "noactl/session.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Table, AlignsColumns) {
    Table table({{"AGENT"}, {"DEPTH", true}, {"NOTE"}});
    table.add({"cache", "7", "x"});
    table.add({"a", "1234567", ""});
    EXPECT_EQ(table.render({}), "AGENT    DEPTH  NOTE\n"
                                "cache        7  x\n"
                                "a      1234567\n");
}

TEST(Table, AlignsByColumnsNotBytes) {
    Table table({{"A"}, {"B"}});
    table.add({"äöü", "1"});
    table.add({"世界", "2"});
    EXPECT_EQ(table.render({}), "A     B\näöü   1\n世界  2\n");
}

TEST(Table, IsCutToTheScreen) {
    Table table({{"NAME"}, {"NOTE"}});
    table.add({"cache", std::string(200, 'x')});
    const auto text = table.render({40, false});
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(display_width(line), 40U);
    }
    EXPECT_THAT(text, HasSubstr("cache"));
    EXPECT_THAT(text, HasSubstr("…"));
}

TEST(Table, OnAHopelesslyNarrowScreenItStillPrints) {
    Table table({{"NAME"}, {"NOTE"}, {"MORE"}});
    table.add({"cache", "something", "else"});
    EXPECT_FALSE(table.render({3, false}).empty());
}

TEST(Table, AgentsCannotBreakOutOfTheirCell) {
    Table table({{"NOTE"}});
    table.add({"a\nFAKE\x1b[31m"});
    EXPECT_EQ(table.render({}), "NOTE\na\\nFAKE\\x1b[31m\n");
}

TEST(Table, ColorsOnlyWhenAsked) {
    Table table({{"STATE"}});
    table.add({{"running", Tone::good}});
    EXPECT_THAT(table.render({0, false}), Not(HasSubstr("\x1b")));
    EXPECT_THAT(table.render({0, true}), HasSubstr("\x1b[32mrunning\x1b[0m"));
}

TEST(FieldsTable, FlattensByDottedKeys) {
    const nlohmann::json value{{"agents", {{"running", 3}}},
                               {"names", {"a", "b"}},
                               {"pins", {{{"file", "x"}}}},
                               {"none", nullptr},
                               {"uptime_s", 61}};
    const auto text = fields_table(value).render({});
    EXPECT_THAT(text, HasSubstr("agents.running  3"));
    EXPECT_THAT(text, HasSubstr("names           a, b"));
    EXPECT_THAT(text, HasSubstr("pins[0].file    x"));
    EXPECT_THAT(text, HasSubstr("none            -"));
    EXPECT_THAT(text, HasSubstr("uptime_s        1 min 1 s"));
}

TEST(CheckHost, ReadsKernelReleases) {
    EXPECT_TRUE(release_at_least("6.1.0-18-amd64", 5, 13));
    EXPECT_TRUE(release_at_least("5.13", 5, 13));
    EXPECT_FALSE(release_at_least("5.10.0", 5, 13));
    EXPECT_FALSE(release_at_least("4.19", 5, 13));
    EXPECT_FALSE(release_at_least("", 5, 13));
    EXPECT_FALSE(release_at_least("six.one", 5, 13));
    EXPECT_FALSE(release_at_least("6", 5, 13));
}

TEST(CheckHost, ReportsEveryPartOfTheMachine) {
    Findings findings;
    const HostNeeds needs{
        "/nonexistent/state", "/nonexistent/run", {"/nonexistent/plugins", "/tmp"}, 3};
    check_kernel(findings);
    check_limits(needs.agents, findings);
    check_directories(needs, findings);
    check_disk(needs, findings);
    check_clock(findings);
    check_sockets(needs, findings);
    check_libraries(findings);
    std::string all;
    for (const auto& finding : findings) {
        all += finding.what + "\n";
        EXPECT_FALSE(finding.text.empty()) << finding.what;
        EXPECT_TRUE(finding.verdict != Verdict::ok || finding.advice.empty()) << finding.what;
    }
    for (const char* part : {"kernel", "landlock", "seccomp", "cgroup v2", "limit nofile",
                             "limit memlock", "/nonexistent/state", "disk", "clock",
                             "/nonexistent/run/control.sock", "libzmq.so.5", "libsodium.so.23"}) {
        EXPECT_THAT(all, HasSubstr(part));
    }
}

TEST(CheckHost, APluginDirectoryThatEverybodyWritesIsRefused) {
    Findings findings;
    check_directories({"/nonexistent/state", "/nonexistent/run", {"/tmp"}, 0}, findings);
    const auto& last = findings.back();
    EXPECT_EQ(last.what, "/tmp");
    EXPECT_EQ(last.verdict, Verdict::fail);
    EXPECT_THAT(last.advice, HasSubstr("everybody may write"));
}

} // namespace
} // namespace noa::noactl
