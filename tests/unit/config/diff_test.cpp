#include "config/diff.hpp"

#include "files_fixture.hpp"

namespace noa::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Config of(const std::string& text, const std::map<std::string, std::string>& environment = {}) {
    auto config = read(text, environment);
    EXPECT_TRUE(config) << config.error().text();
    return config ? *config : Config{};
}

// "cache reload settings.x: 1 -> 2"
std::vector<std::string> lines(const Plan& plan) {
    std::vector<std::string> out;
    for (const auto& change : plan.host) {
        out.push_back("host " + change.key + ": " + change.from + " -> " + change.to);
    }
    for (const auto& agent : plan.agents) {
        out.push_back(agent.agent + ' ' + std::string(name_of(agent.action)));
        for (const auto& change : agent.changes) {
            out.back() += ' ' + change.key + ": " + change.from + " -> " + change.to;
        }
    }
    return out;
}

std::vector<std::string> changed(const std::string& from, const std::string& to) {
    return lines(diff(of(from), of(to)));
}

TEST(diff, of_the_same_is_empty) {
    const auto config = of("[agents.a.settings]\nx = 1\n");
    const auto plan = diff(config, config);
    EXPECT_TRUE(plan.empty());
    EXPECT_THAT(lines(plan), ElementsAre("a keep"));
    // written otherwise, meaning the same
    EXPECT_TRUE(diff(config, of("agents.a = { settings.x = 1, queue_size = 10_000 } # !")).empty());
}

TEST(diff, host_side_values_are_retuned) {
    EXPECT_THAT(changed("[agents.a]", "[agents.a]\nqueue_size = 5\nconcurrency = 2\n"
                                      "ordered = true\nmax_deliveries "
                                      "= 3\ntask_timeout = '1s'\nquiesce_timeout = '1s'\n"
                                      "start_timeout = '1s'\nlog_level = 'debug'\n"
                                      "capabilities = ['x']\ndepends_on = ['b']"),
                ElementsAre("a retune depends_on: [] -> [\"b\"] capabilities: [] -> [\"x\"] "
                            "queue_size: 10000 -> 5 concurrency: 0 -> 2 ordered: false -> true "
                            "max_deliveries: 5 -> 3 "
                            "task_timeout: \"30s\" -> \"1s\" quiesce_timeout: \"5s\" -> \"1s\" "
                            "start_timeout: \"10s\" -> \"1s\" log_level: \"info\" -> \"debug\""));
}

TEST(diff, what_a_generation_depends_on_reloads) {
    EXPECT_THAT(changed("[agents.a]", "[agents.a]\nplugin = 'b'"),
                ElementsAre("a reload plugin: \"a\" -> \"b\""));
    EXPECT_THAT(changed("[agents.a]", "[agents.a]\nallow_pinned = true"),
                ElementsAre("a reload allow_pinned: false -> true"));
    EXPECT_THAT(changed("[agents.a.settings]\nx = 1\ngone = 'g'\nt = { u = 1, v = 2 }\nl = [1]",
                        "[agents.a.settings]\nx = 2\nnew = true\nt = { u = 1, v = 3 }\nl = [2]"),
                ElementsAre("a reload settings.gone: \"g\" ->  settings.l: [1] -> [2] "
                            "settings.new:  -> true settings.t.v: 2 -> 3 settings.x: 1 -> 2"));
    EXPECT_THAT(changed("[agents.a.settings]", "[agents.a.settings]\nt = {}"),
                ElementsAre("a reload settings.t:  -> {}"));
}

TEST(diff, enabling_and_disabling_start_and_stop) {
    EXPECT_THAT(changed("", "[agents.a]"), ElementsAre("a start"));
    EXPECT_THAT(changed("[agents.a]", ""), ElementsAre("a stop"));
    EXPECT_THAT(changed("[agents.a]", "[agents.a]\nenabled = false"),
                ElementsAre("a stop enabled: true -> false"));
    EXPECT_THAT(changed("[agents.a]\nenabled = false", "[agents.a]"),
                ElementsAre("a start enabled: false -> true"));
    EXPECT_THAT(changed("", "[agents.a]\nenabled = false"), ElementsAre("a keep"));
    EXPECT_THAT(changed("[agents.a]\nenabled = false", ""), IsEmpty());
}

TEST(diff, starts_follow_what_they_need_and_stops_go_before_it) {
    const auto* chain =
        "[agents.a]\ndepends_on = ['b']\n[agents.b]\ndepends_on = ['c']\n[agents.c]";
    EXPECT_THAT(changed("", chain), ElementsAre("c start", "b start", "a start"));
    EXPECT_THAT(changed(chain, ""), ElementsAre("a stop", "b stop", "c stop"));
}

TEST(diff, the_hosts_own_keys_are_told) {
    EXPECT_THAT(changed("[agents.a]", "[host]\nspin = '10us'\nlog.level = 'debug'\n[agents.a]"),
                ElementsAre("host log.level: \"info\" -> \"debug\"",
                            "host spin: \"0s\" -> \"10us\"",
                            "a retune log_level: \"info\" -> \"debug\""));
    EXPECT_FALSE(diff(of(""), of("[host]\nautoload = false")).empty());
}

TEST(diff, never_shows_a_secret) {
    const std::string text = "[agents.a.settings]\nt = { secret = 'env:S' }\n"
                             "l = [1, { secret = 'env:S' }]\n";
    const auto rotated = diff(of(text, {{"S", "hush1"}}), of(text, {{"S", "hush2"}}));
    EXPECT_THAT(lines(rotated),
                ElementsAre("a reload settings.l: [1,\"(secret)\"] -> [1,\"(secret)\"] (secrets "
                            "changed) settings.t: (secret) -> (secret, changed)"));
    const auto introduced = diff(of("[agents.a]"), of(text, {{"S", "hush"}}));
    EXPECT_THAT(lines(introduced), ElementsAre("a reload settings.l:  -> [1,\"(secret)\"] "
                                               "settings.t:  -> (secret)"));
    const auto moved = diff(of("[agents.a.settings]\nt = 'x'"),
                            of("[agents.a.settings]\nt = {secret='env:S'}", {{"S", "x"}}));
    EXPECT_THAT(lines(moved), ElementsAre("a retune settings.t: \"x\" -> (secret)"));
}

} // namespace
} // namespace noa::config
