#include "plugin/probe.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "plugin/confine.hpp"
#include "plugin/stage.hpp"
#include "support.hpp"

namespace noa::plugin {
namespace {

using namespace std::chrono_literals;
using test::broken;

constexpr auto ample = 60s;

StagedFile file_of(const std::string& name) {
    StagedFile file;
    file.source = "/plugins/" + name + ".so";
    file.path = broken(name);
    const auto digest = StageDir::digest(file.path);
    EXPECT_TRUE(digest);
    file.digest = digest.value_or("");
    return file;
}

Result<ProbeFacts> run(const std::string& name, std::chrono::milliseconds timeout = ample,
                       const std::string& settings = "{}") {
    return Probe(NOA_RUNNER, {}).run(file_of(name), settings, timeout);
}

TEST(Probe, AGoodPluginIsDescribed) {
    const auto facts = run("good");
    ASSERT_TRUE(facts) << facts.error().text();
    EXPECT_EQ(facts->id, "whole");
    EXPECT_EQ(facts->version, "1.0.0");
    EXPECT_EQ(facts->description, "a fixture");
    EXPECT_EQ(facts->settings_schema, R"({"type":"object"})");
    EXPECT_EQ(facts->description_json["operations"]["echo"]["summary"], "answers");
    EXPECT_TRUE(facts->pinned.empty());
}

TEST(Probe, PluginsThatFailLaterPass) {
    EXPECT_TRUE(run("start_fails"));
    EXPECT_TRUE(run("handle_throws"));
    EXPECT_TRUE(run("thread_local_kept")->pinned.empty());
}

TEST(Probe, WithoutSettingsConfigureIsLeftOut) {
    EXPECT_TRUE(run("configure_throws", ample, ""));
}

TEST(Probe, OneThatStaysMappedIsToldToBePinned) {
    for (const char* name : {"nodelete", "unique_symbol"}) {
        if (!std::filesystem::exists(broken(name))) {
            continue; // clang makes no unique symbols
        }
        const auto facts = run(name);
        ASSERT_TRUE(facts) << facts.error().text();
        ASSERT_EQ(facts->pinned.size(), 1U) << name;
        EXPECT_TRUE(facts->pinned[0].starts_with("it stayed mapped after dlclose"));
    }
}

struct Defect {
    const char* fixture;
    const char* text; // how it starts
};

class ProbeDefect : public testing::TestWithParam<Defect> {};

TEST_P(ProbeDefect, IsOneLineThatNamesFileAndStep) {
    const auto facts = run(GetParam().fixture);
    ASSERT_FALSE(facts);
    const auto text = facts.error().text();
    const auto wanted =
        "probe plugin: /plugins/" + std::string(GetParam().fixture) + ".so: " + GetParam().text;
    EXPECT_TRUE(text.starts_with(wanted)) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Fixtures, ProbeDefect,
    testing::Values(
        Defect{"undefined_symbol", "dlopen: undefined symbol: nobody_defines_this"},
        Defect{"ctor_throws", "constructor: killed by SIGABRT"},
        Defect{"ctor_aborts", "constructor: killed by SIGABRT"},
        Defect{"struct_size_0", "struct_size: wanted at least "},
        Defect{"struct_size_short", "struct_size: wanted at least "},
        Defect{"struct_size_huge", "struct_size: wanted at most 65536, found 2147483647"},
        Defect{"null_create", "create: wanted a function, found NULL"},
        Defect{"null_handle", "handle: wanted a function, found NULL"},
        Defect{"wrong_id", "id: wanted "}, Defect{"create_fails", "create: no such device"},
        Defect{"create_throws_int", "create: exception: an exception that is no std::exception"},
        Defect{"create_throws_exception", "create: exception: create is broken"},
        Defect{"create_gives_nothing", "create: it answered NOA_OK without an agent"},
        Defect{"create_aborts", "create: killed by SIGABRT"},
        Defect{"create_exits", "create: the process ended with exit code 7"},
        Defect{"configure_throws", "configure: exception: configure is broken"},
        Defect{"error_unterminated", "configure: xxxxxxxx"}),
    [](const auto& row) { return std::string(row.param.fixture); });

// A file that lost its end dies of SIGBUS in the loader, or is refused by it; never here.
TEST(Probe, ATruncatedFileHarmsOnlyTheChild) {
    const test::TempDir directory;
    const auto bytes = test::read_file(broken("good"));
    for (std::size_t size = 4096; size < bytes.size(); size += 4096) {
        StagedFile file;
        file.path = directory / ("cut-" + std::to_string(size) + ".so");
        test::write_file(file.path, bytes.substr(0, size));
        const auto facts = Probe(NOA_RUNNER, {}).run(file, "{}", ample);
        if (!facts) {
            EXPECT_EQ(facts.error().code, Errc::refused) << facts.error().text();
        }
    }
}

TEST(Probe, AConstructorThatHangsIsKilledAtTheDeadline) {
    const auto facts = run("ctor_hangs", 2000ms);
    ASSERT_FALSE(facts);
    EXPECT_EQ(facts.error().code, Errc::timed_out);
    EXPECT_EQ(facts.error().reason, "constructor did not return within 2000 ms");
}

TEST(Probe, AConfigureThatHangsIsKilledAtTheDeadline) {
    EXPECT_EQ(run("configure_hangs", 2000ms).error().reason,
              "configure did not return within 2000 ms");
}

TEST(Probe, AMissingRunnerIsSaid) {
    const auto facts = Probe("/nowhere/runner", {}).run(file_of("good"), "{}", ample);
    ASSERT_FALSE(facts);
    EXPECT_EQ(facts.error().text(),
              "start probe: /nowhere/runner: No such file or directory (is noa installed "
              "completely?)");
}

// With every rule that there is, the one for kernels without Landlock included.
TEST(Probe, TheFilterOfSystemCallsCanBeHad) {
    EXPECT_EXIT(::_exit(filter_system_calls(true) ? 0 : 1), testing::ExitedWithCode(0), "");
}

TEST(Probe, TheChildIsConfined) {
    const test::TempDir directory;
    const auto victim = directory / "victim";
    test::write_file(victim, "intact");
    const auto facts = run("confined", ample, victim.string());
    ASSERT_FALSE(facts);
    const auto unconfined = run("good")->unconfined;
    if (!unconfined.empty()) {
        GTEST_SKIP() << "this kernel lacks " << unconfined[0];
    }
    EXPECT_EQ(facts.error().reason,
              "configure: socket=denied kill=denied write=denied append=denied unlink=denied "
              "chmod=denied fork=denied spawn=denied ptrace=denied vm=denied read=allowed "
              "null=allowed thread=allowed core=denied");
    EXPECT_EQ(test::read_file(victim), "intact");
}

TEST(Probe, AVerdictIsAnsweredFromTheCache) {
    const test::TempDir directory;
    const auto cache = directory / "verdicts";
    const auto file = file_of("good");
    const auto first = Probe(NOA_RUNNER, cache).run(file, "{}", ample);
    ASSERT_TRUE(first);
    // Without a runner only the cache can answer.
    const auto again = Probe("/nowhere/runner", cache).run(file, "{}", ample);
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_EQ(again->id, first->id);
    EXPECT_EQ(again->description_json, first->description_json);
    EXPECT_FALSE(Probe("/nowhere/runner", cache).run(file, R"({"other":1})", ample));
    auto other = file;
    other.digest.back() = other.digest.back() == '0' ? '1' : '0';
    EXPECT_FALSE(Probe("/nowhere/runner", cache).run(other, "{}", ample));
}

TEST(Probe, ARefusalIsNotCached) {
    const test::TempDir directory;
    const auto cache = directory / "verdicts";
    EXPECT_FALSE(Probe(NOA_RUNNER, cache).run(file_of("create_fails"), "{}", ample));
    EXPECT_FALSE(std::filesystem::exists(cache));
}

TEST(Probe, SettingsAreNotKept) {
    const test::TempDir directory;
    const auto cache = directory / "verdicts";
    ASSERT_TRUE(Probe(NOA_RUNNER, cache).run(file_of("good"), R"({"key":"hush-hush"})", ample));
    for (const auto& entry : std::filesystem::directory_iterator(cache)) {
        EXPECT_EQ(test::read_file(entry.path()).find("hush"), std::string::npos);
    }
}

TEST(Probe, SeveralRunAtATime) {
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([i] {
            const auto facts = run(i % 2 == 0 ? "good" : "create_aborts");
            EXPECT_EQ(facts.has_value(), i % 2 == 0);
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
}

} // namespace
} // namespace noa::plugin
