#include "link/path_calls.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include <gtest/gtest.h>

#include "base/call_filter.hpp"
#include "base/unique_fd.hpp"

namespace noa::link {
namespace {

namespace fs = std::filesystem;

std::uint64_t at(const void* memory) {
    return reinterpret_cast<std::uint64_t>(memory);
}

// Calls of this thread, as the kernel would tell of them, under a sandbox of two directories.
class PathCallsTest : public testing::Test {
protected:
    PathCallsTest() : root_(made()) {
        for (const char* name : {"read", "write", "out"}) {
            fs::create_directory(root_ / name);
            std::ofstream(root_ / name / "file") << name;
        }
        fs::create_symlink(root_ / "out/file", root_ / "read/link");
    }
    void TearDown() override { fs::remove_all(root_); }

    [[nodiscard]] std::string in(const std::string& name) const { return (root_ / name).string(); }
    // What is out of reach of such a call, under the root; "" when nothing is.
    [[nodiscard]] std::string asked(const char* call,
                                    std::array<std::uint64_t, 4> arguments) const {
        const Reach reach({{in("read"), false}, {in("write"), true}});
        seccomp_notif asked{};
        asked.pid = static_cast<std::uint32_t>(::gettid());
        asked.data.nr = number_of_call(call);
        std::copy(arguments.begin(), arguments.end(), asked.data.args);
        const auto path = calls_.out_of_reach(asked, reach);
        return !path ? "" : path->starts_with(in("out/")) ? path->substr(in("").size()) : *path;
    }
    [[nodiscard]] std::string opened(const std::string& path, int flags,
                                     int directory = AT_FDCWD) const {
        return asked("openat", {static_cast<std::uint64_t>(directory), at(path.c_str()),
                                static_cast<std::uint64_t>(flags), 0});
    }

    static fs::path made() {
        std::string name = (fs::temp_directory_path() / "noa-test-XXXXXX").string();
        return fs::canonical(::mkdtemp(name.data()));
    }
    const fs::path root_;
    const PathCalls calls_;
};

TEST_F(PathCallsTest, WhatIsInReachIsNotTold) {
    EXPECT_EQ(opened(in("read/file"), O_RDONLY), "");
    EXPECT_EQ(opened(in("write/file"), O_RDWR | O_TRUNC), "");
    EXPECT_EQ(opened(in("write/new"), O_WRONLY | O_CREAT), "");
    EXPECT_EQ(opened(in("out/../read/./file"), O_RDONLY), "");
}

TEST_F(PathCallsTest, WhatIsOutOfReachIsToldAsTheKernelFindsIt) {
    EXPECT_EQ(opened(in("out/file"), O_RDONLY), "out/file");
    EXPECT_EQ(opened(in("out/new"), O_WRONLY | O_CREAT), "out/new");
    EXPECT_EQ(opened(in("out"), O_RDONLY | O_DIRECTORY), in("out"));
    EXPECT_EQ(opened(in("read/link"), O_RDONLY), "out/file");
    EXPECT_EQ(opened(in("read/../out/file"), O_RDONLY), "out/file");
    EXPECT_EQ(opened("/etc/passwd", O_RDONLY), "/etc/passwd");
}

TEST_F(PathCallsTest, ToReadIsNotToChange) {
    for (const int flags : {O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC}) {
        EXPECT_EQ(opened(in("read/file"), flags), in("read/file"));
    }
    EXPECT_EQ(opened(in("read/new"), O_WRONLY | O_CREAT), in("read/new"));
}

TEST_F(PathCallsTest, WhatIsNotThereOrOnlyNamedIsNotTold) {
    EXPECT_EQ(opened(in("out/nobody"), O_RDONLY), "");
    EXPECT_EQ(opened(in("nobody/nobody"), O_WRONLY | O_CREAT), "");
    EXPECT_EQ(opened(in("out/file"), O_PATH), "");
    EXPECT_EQ(opened("", O_RDONLY), "");
}

TEST_F(PathCallsTest, RelativePathsStartWhereTheCallerSays) {
    const UniqueFd directory(::open(in("out").c_str(), O_PATH | O_CLOEXEC));
    EXPECT_EQ(opened("file", O_RDONLY, directory.get()), "out/file");
    EXPECT_EQ(opened("../read/file", O_RDONLY, directory.get()), "");
    EXPECT_EQ(opened("file", O_RDONLY, 1'000'000), "");
    const auto before = fs::current_path();
    fs::current_path(root_ / "out");
    EXPECT_EQ(opened("file", O_RDONLY), "out/file");
    EXPECT_EQ(opened("new", O_WRONLY | O_CREAT), "out/new");
    fs::current_path(before);
}

TEST_F(PathCallsTest, TheCallersOwnFilesAreNotTheHosts) {
    const UniqueFd file(::open(in("out/file").c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(opened("/proc/self/fd/" + std::to_string(file.get()), O_RDONLY), "");
    EXPECT_EQ(opened("/proc/self/status", O_RDONLY),
              "/proc/" + std::to_string(::gettid()) + "/status");
}

TEST_F(PathCallsTest, FlagsAreFoundWhereTheCallHasThem) {
    const auto file = in("read/file");
    open_how how{};
    EXPECT_EQ(asked("openat2", {0, at(file.c_str()), at(&how), sizeof how}), "");
    how.flags = O_WRONLY;
    EXPECT_EQ(asked("openat2", {0, at(file.c_str()), at(&how), sizeof how}), file);
    EXPECT_EQ(asked("openat2", {0, at(file.c_str()), 8, sizeof how}), "");
}

TEST_F(PathCallsTest, WhatChangesADirectoryIsAboutIt) {
    const auto cwd = static_cast<std::uint64_t>(AT_FDCWD);
    const auto inside = in("write/file");
    const auto outside = in("out/file");
    const auto read_only = in("read/file");
    EXPECT_EQ(asked("unlinkat", {cwd, at(inside.c_str()), 0, 0}), "");
    EXPECT_EQ(asked("unlinkat", {cwd, at(outside.c_str()), 0, 0}), "out/file");
    EXPECT_EQ(asked("unlinkat", {cwd, at(read_only.c_str()), 0, 0}), read_only);
    EXPECT_EQ(asked("mkdirat", {cwd, at("/noa-test//"), 0, 0}), "/noa-test");
    EXPECT_EQ(asked("mkdirat", {cwd, at("/"), 0, 0}), "");
    EXPECT_EQ(asked("symlinkat", {at(outside.c_str()), cwd, at(inside.c_str()), 0}), "");
    EXPECT_EQ(asked("symlinkat", {at(inside.c_str()), cwd, at(outside.c_str()), 0}), "out/file");
    EXPECT_EQ(asked("renameat2", {cwd, at(inside.c_str()), cwd, at(outside.c_str())}), "out/file");
    EXPECT_EQ(asked("renameat2", {cwd, at(outside.c_str()), cwd, at(inside.c_str())}), "out/file");
    EXPECT_EQ(asked("truncate", {at(read_only.c_str()), 0, 0, 0}), read_only);
    EXPECT_EQ(asked("execve", {at(read_only.c_str()), 0, 0, 0}), "");
    EXPECT_EQ(asked("execve", {at(outside.c_str()), 0, 0, 0}), "out/file");
}

TEST_F(PathCallsTest, MemoryOfTheCallerIsNotBelieved) {
    EXPECT_EQ(asked("openat", {0, 0, O_RDONLY, 0}), "");
    EXPECT_EQ(asked("openat", {0, ~std::uint64_t{0}, O_RDONLY, 0}), "");
    const std::string endless(100'000, 'x');
    EXPECT_EQ(opened("/" + endless, O_RDONLY | O_CREAT), "");
}

TEST_F(PathCallsTest, OtherCallsAreNone) {
    EXPECT_TRUE(calls_.has(SYS_openat));
    EXPECT_FALSE(calls_.has(SYS_read));
    EXPECT_TRUE(calls_.is_exec(SYS_execveat));
    EXPECT_FALSE(calls_.is_exec(SYS_openat));
}

} // namespace
} // namespace noa::link
