#include "base/crash_marker.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <thread>

#include <gtest/gtest.h>

#include "base/sanitizers.hpp"

namespace noa {
namespace {

TEST(crash_report, reads_what_the_handler_writes) {
    const auto report = parse_crash_report("signal=11 address=7f00 agent=cache generation=3 "
                                           "digest=abc where=code thread=cache #3 \n");
    ASSERT_TRUE(report);
    EXPECT_EQ(report->signal, SIGSEGV);
    EXPECT_EQ(report->agent, "cache");
    EXPECT_EQ(report->generation, 3U);
    EXPECT_EQ(report->digest, "abc");
    EXPECT_EQ(report->thread, "cache #3");
    EXPECT_TRUE(report->certain());
    EXPECT_EQ(report->text(), "SIGSEGV in thread cache #3 at 0x7f00, in the code of cache");
}

TEST(crash_report, of_nonsense_is_none) {
    for (const auto* text : {"", "\n", "=", "signal=", "signal=x thread=a ", "a=b c=d", "thread=x",
                             "signal=99999999999999 thread=x "}) {
        EXPECT_FALSE(parse_crash_report(text)) << text;
    }
}

#ifndef NOA_UNDER_SANITIZER

class CrashMarkerTest : public testing::Test {
protected:
    CrashMarkerTest() {
        std::string name = "/tmp/noa-crash-XXXXXX";
        directory_ = ::mkdtemp(name.data());
    }
    ~CrashMarkerTest() override { std::filesystem::remove_all(directory_); }

    // Runs `end` in a child that has the marker installed, and gives what it left behind.
    std::optional<CrashReport> after(const std::function<void()>& end, int expected_signal) {
        const auto child = ::fork();
        if (child == 0) {
            static_cast<void>(install_crash_marker(file()));
            end();
            ::_exit(0);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        EXPECT_TRUE(WIFSIGNALED(status));
        EXPECT_EQ(WTERMSIG(status), expected_signal);
        std::ifstream in(file());
        const std::string text((std::istreambuf_iterator<char>(in)), {});
        return parse_crash_report(text);
    }
    [[nodiscard]] std::filesystem::path file() const { return directory_ / "crash"; }
    std::filesystem::path directory_;
};

CrashScope::Facts facts() {
    static const std::string digest(64, 'a');
    return {"cache", digest, "cache#7", 3};
}

TEST_F(CrashMarkerTest, on_a_claimed_thread_names_its_agent) {
    const auto report = after(
        [] {
            const CrashScope scope(facts());
            std::thread([&] {
                scope.claim_thread();
                ::raise(SIGSEGV);
            }).join();
        },
        SIGSEGV);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->agent, "cache");
    EXPECT_EQ(report->generation, 3U);
    EXPECT_EQ(report->digest, std::string(64, 'a'));
    EXPECT_EQ(report->where, "lane");
    EXPECT_FALSE(report->certain());
}

TEST_F(CrashMarkerTest, in_registered_code_is_certain_whatever_the_thread) {
    const auto report = after(
        [] {
            CrashScope scope(facts());
            scope.set_range(0, UINTPTR_MAX);
            std::abort();
        },
        SIGABRT);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->signal, SIGABRT);
    EXPECT_EQ(report->where, "code");
    EXPECT_TRUE(report->certain());
}

TEST_F(CrashMarkerTest, of_a_thread_that_the_agent_started_is_told_by_its_name) {
    const auto report = after(
        [] {
            const CrashScope scope(facts());
            std::thread([] {
                ::prctl(PR_SET_NAME, "cache#7");
                ::raise(SIGBUS);
            }).join();
        },
        SIGBUS);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->agent, "cache");
    EXPECT_EQ(report->where, "thread");
}

TEST_F(CrashMarkerTest, of_nobody_names_nobody) {
    const auto report = after(
        [] {
            { const CrashScope gone(facts()); }
            ::raise(SIGFPE);
        },
        SIGFPE);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->agent, "");
}

TEST_F(CrashMarkerTest, a_stack_overflow_is_reported_too) {
    const auto report = after(
        [] {
            const CrashScope scope(facts());
            std::thread([&] {
                scope.claim_thread();
                const std::function<int(int)> deeper = [&](int depth) {
                    volatile char room[1024];
                    room[0] = static_cast<char>(depth);
                    return deeper(depth + 1) + room[0];
                };
                static_cast<void>(deeper(0));
            }).join();
        },
        SIGSEGV);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->agent, "cache");
}

TEST_F(CrashMarkerTest, the_next_life_reads_it_once) {
    ASSERT_TRUE(after([] { ::raise(SIGSEGV); }, SIGSEGV));
    const auto child = ::fork();
    if (child == 0) {
        const auto first = install_crash_marker(file());
        const auto second = install_crash_marker(file());
        ::_exit(first && *first && second && !*second ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
}

#endif

} // namespace
} // namespace noa
