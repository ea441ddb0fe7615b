#include "link/process.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>

#include <gtest/gtest.h>

namespace noa::link {
namespace {

using namespace std::chrono_literals;

// A script in the runner's place: called with --serve AGENT.
class ProcessTest : public ::testing::Test {
protected:
    ProcessTest() {
        std::string name = (std::filesystem::temp_directory_path() / "noa-test-XXXXXX").string();
        directory_ = ::mkdtemp(name.data());
    }
    ~ProcessTest() override { std::filesystem::remove_all(directory_); }

    Process::Started start(const std::string& script) {
        const auto path = directory_ / "runner";
        std::ofstream(path) << "#!/bin/sh\n" << script << '\n';
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        auto started = Process::start(path, "cache");
        EXPECT_TRUE(started) << (started ? "" : started.error().text());
        return started ? std::move(*started) : Process::Started{};
    }
    // Everything that it writes.
    static std::string output_of(const Process::Started& started) {
        std::string all;
        std::array<char, 4096> piece;
        while (true) {
            pollfd readable{started.output.get(), POLLIN, 0};
            ::poll(&readable, 1, -1);
            const auto got = ::read(started.output.get(), piece.data(), piece.size());
            if (got <= 0) {
                return all;
            }
            all.append(piece.data(), static_cast<std::size_t>(got));
        }
    }
    std::filesystem::path directory_;
};

TEST_F(ProcessTest, IsToldWhoseItIsAndHasTheLinkAsDescriptorThree) {
    auto started = start("echo $1 $2; echo bytes >&3; ls /proc/self/fd | wc -l");
    std::array<char, 16> bytes{};
    EXPECT_EQ(::read(started.link.get(), bytes.data(), bytes.size()), 6);
    // 0, 1, 2, 3, and the one that ls reads the folder through
    EXPECT_EQ(output_of(started), "--serve cache\n5\n");
    const auto end = started.process->reap();
    EXPECT_EQ(end.exit_code, 0);
    EXPECT_EQ(end.text(), "exit code 0");
}

TEST_F(ProcessTest, GetsNothingOfTheEnvironmentButWhatTheLoaderGoesBy) {
    ::setenv("NOA_TEST_SECRET", "secret", 1);
    ::setenv("LC_TEST", "kept", 1);
    auto started = start("echo ${NOA_TEST_SECRET-none} $LC_TEST");
    EXPECT_EQ(output_of(started), "none kept\n");
}

TEST_F(ProcessTest, TellsHowItEnded) {
    auto exits = start("exit 7");
    EXPECT_EQ(exits.process->reap().text(), "exit code 7");
    auto killed = start("kill -SEGV $$");
    const auto end = killed.process->reap();
    EXPECT_EQ(end.signal, SIGSEGV);
    EXPECT_EQ(end.text(), "SIGSEGV");
    EXPECT_EQ(killed.process->reap().signal, SIGSEGV) << "asked again";
}

TEST_F(ProcessTest, ItsEndCanBeWaitedFor) {
    auto started = start("read line <&3");
    EXPECT_FALSE(started.process->wait(0ms));
    started.link.reset();
    EXPECT_TRUE(started.process->wait(60s));
}

// A child that it leaves behind holds the pipe open; it goes with the group.
TEST_F(ProcessTest, ItsGroupGoesWithIt) {
    auto started = start("sleep 600 &\nexit 0");
    EXPECT_EQ(started.process->reap().exit_code, 0);
    EXPECT_EQ(output_of(started), "");
}

TEST_F(ProcessTest, IsKilledWithItsOwner) {
    auto started = start("sleep 600");
    const auto pid = started.process->pid();
    started.process.reset();
    EXPECT_EQ(::kill(pid, 0), -1);
}

TEST_F(ProcessTest, AProgramThatIsNotThereIsAnError) {
    const auto started = Process::start(directory_ / "none", "cache");
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().text().find("is noa installed completely?"), std::string::npos);
}

} // namespace
} // namespace noa::link
