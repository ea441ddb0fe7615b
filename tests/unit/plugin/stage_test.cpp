#include "plugin/stage.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <mntent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "base/digest.hpp"
#include "plugin/plugin_file.hpp"
#include "plugin/stage_copy.hpp"
#include "support.hpp"

namespace noa::plugin {
namespace {

using test::read_file;
using test::write_file;

class Stage : public testing::Test {
protected:
    void SetUp() override { write_file(source(), std::string(1'000'000, 'a')); }
    [[nodiscard]] std::filesystem::path source() const { return directory_ / "source.so"; }
    [[nodiscard]] StageDir open() const {
        auto stage = StageDir::open(directory_ / "stage");
        EXPECT_TRUE(stage) << stage.error().text();
        return std::move(*stage);
    }
    test::TempDir directory_;
};

TEST_F(Stage, CopiesUnderANameWithSerialAndDigest) {
    auto stage = open();
    const auto staged = stage.stage(source(), "cache");
    ASSERT_TRUE(staged) << staged.error().text();
    const auto digest = digest_of(read_file(source()));
    EXPECT_EQ(staged->digest, digest);
    EXPECT_EQ(staged->size, 1'000'000U);
    EXPECT_EQ(staged->source, source());
    EXPECT_EQ(staged->path.filename(), "cache-1-" + digest.substr(0, 12) + ".so");
    EXPECT_EQ(read_file(staged->path), read_file(source()));
}

TEST_F(Stage, NeverGivesANameTwice) {
    auto stage = open();
    const auto first = stage.stage(source(), "cache");
    ASSERT_TRUE(first);
    StageDir::remove(*first);
    const auto second = stage.stage(source(), "cache");
    ASSERT_TRUE(second);
    EXPECT_NE(first->path, second->path);
}

TEST_F(Stage, IsPrivateAndSoAreTheCopies) {
    auto stage = open();
    const auto staged = stage.stage(source(), "cache");
    ASSERT_TRUE(staged);
    struct stat status {};
    ASSERT_EQ(::stat((directory_ / "stage").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);
    ASSERT_EQ(::stat(staged->path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0500U);
}

TEST_F(Stage, OpenRemovesWhatAnEarlierLifeLeftAndNothingElse) {
    std::filesystem::create_directory(directory_ / "stage");
    write_file(directory_ / "stage/old-1-abc.so", "x");
    write_file(directory_ / "stage/old-2.part", "x");
    write_file(directory_ / "stage/letter.txt", "x");
    static_cast<void>(open());
    EXPECT_FALSE(std::filesystem::exists(directory_ / "stage/old-1-abc.so"));
    EXPECT_FALSE(std::filesystem::exists(directory_ / "stage/old-2.part"));
    EXPECT_TRUE(std::filesystem::exists(directory_ / "stage/letter.txt"));
}

TEST_F(Stage, RefusesALinkInPlaceOfItsDirectory) {
    std::filesystem::create_directory_symlink(directory_.path(), directory_ / "stage");
    EXPECT_FALSE(StageDir::open(directory_ / "stage"));
}

TEST_F(Stage, RefusesANameThatIsNoAgentName) {
    auto stage = open();
    EXPECT_FALSE(stage.stage(source(), "../evil"));
    EXPECT_FALSE(stage.stage(source(), ""));
}

TEST_F(Stage, RefusesWhatIsNoFileAndLeavesNothing) {
    auto stage = open();
    EXPECT_FALSE(stage.stage(directory_.path(), "cache"));
    EXPECT_FALSE(stage.stage(directory_ / "none.so", "cache"));
    EXPECT_TRUE(std::filesystem::is_empty(directory_ / "stage"));
}

class Copying : public Stage {
protected:
    // Copies the source and does `mischief` once, after the first piece.
    Result<Copied> copy_with(const std::function<void()>& mischief) {
        const auto opened = open_plugin_file(source(), "stage plugin");
        EXPECT_TRUE(opened);
        const UniqueFd target(::open((directory_ / "copy").c_str(), O_WRONLY | O_CREAT, 0600));
        bool done = false;
        return copy_stable(*opened, source().string(), target.get(), [&](std::uint64_t) {
            if (!std::exchange(done, true)) {
                mischief();
            }
        });
    }
};

TEST_F(Copying, ASourceTruncatedMeanwhileIsBusy) {
    const auto copied = copy_with([this] { std::filesystem::resize_file(source(), 100); });
    ASSERT_FALSE(copied);
    EXPECT_EQ(copied.error().code, Errc::busy);
    EXPECT_EQ(copied.error().reason, "it changed while it was copied");
}

TEST_F(Copying, ASourceThatGrowsMeanwhileIsBusy) {
    const auto copied = copy_with([this] { std::filesystem::resize_file(source(), 2'000'000); });
    ASSERT_FALSE(copied);
    EXPECT_EQ(copied.error().code, Errc::busy);
}

TEST_F(Copying, ASourceOverwrittenMeanwhileIsBusy) {
    const auto copied = copy_with([this] {
        std::fstream(source(), std::ios::in | std::ios::out).seekp(10) << "b";
        // The clock of the file system may not have moved on since the file was made.
        const timespec times[2] = {{0, UTIME_OMIT}, {1, 0}};
        ASSERT_EQ(::utimensat(AT_FDCWD, source().c_str(), times, 0), 0);
    });
    ASSERT_FALSE(copied);
    EXPECT_EQ(copied.error().code, Errc::busy);
}

TEST_F(Copying, ASourceReplacedMeanwhileIsCopiedAsItWas) {
    const auto before = read_file(source());
    const auto copied = copy_with([this] {
        write_file(directory_ / "new", "other");
        std::filesystem::rename(directory_ / "new", source());
    });
    ASSERT_TRUE(copied) << copied.error().text();
    EXPECT_EQ(copied->digest, digest_of(before));
    EXPECT_EQ(read_file(directory_ / "copy"), before);
}

TEST_F(Stage, VerifyCatchesAChangedCopy) {
    auto stage = open();
    const auto staged = stage.stage(source(), "cache");
    ASSERT_TRUE(staged);
    EXPECT_TRUE(StageDir::verify(*staged));
    ASSERT_EQ(::chmod(staged->path.c_str(), 0700), 0);
    std::fstream(staged->path, std::ios::in | std::ios::out).seekp(10) << "b";
    const auto verified = StageDir::verify(*staged);
    ASSERT_FALSE(verified);
    EXPECT_TRUE(verified.error().reason.starts_with("digest: wanted " + staged->digest));
    std::filesystem::resize_file(staged->path, 5);
    EXPECT_EQ(StageDir::verify(*staged).error().reason, "size: wanted 1000000, found 5");
    StageDir::remove(*staged);
    EXPECT_FALSE(StageDir::verify(*staged));
}

TEST_F(Stage, DigestIsThatOfTheFile) {
    const auto digest = StageDir::digest(source());
    ASSERT_TRUE(digest);
    EXPECT_EQ(*digest, digest_of(read_file(source())));
}

TEST_F(Stage, ServesSeveralThreads) {
    auto stage = open();
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int k = 0; k < 10; ++k) {
                EXPECT_TRUE(stage.stage(source(), "cache"));
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    const std::filesystem::directory_iterator entries(directory_ / "stage");
    EXPECT_EQ(std::distance(begin(entries), end(entries)), 40);
}

// A directory on a noexec mount that this user may write to, when there is one.
std::filesystem::path noexec_directory() {
    std::filesystem::path found;
    FILE* mounts = ::setmntent("/proc/self/mounts", "r");
    mntent entry{};
    char buffer[4096];
    while (mounts != nullptr && ::getmntent_r(mounts, &entry, buffer, sizeof buffer) != nullptr) {
        const std::string_view type = entry.mnt_type;
        if (::hasmntopt(&entry, "noexec") != nullptr && type == "tmpfs" &&
            ::access(entry.mnt_dir, W_OK) == 0) {
            found = entry.mnt_dir;
        }
    }
    if (mounts != nullptr) {
        ::endmntent(mounts);
    }
    return found;
}

TEST_F(Stage, RefusesANoexecMount) {
    const auto mount = noexec_directory();
    if (mount.empty()) {
        GTEST_SKIP() << "no writable noexec mount here";
    }
    const test::TempDir directory(mount);
    const auto stage = StageDir::open(directory / "stage");
    ASSERT_FALSE(stage);
    EXPECT_TRUE(stage.error().reason.starts_with("mount: wanted exec, found noexec"))
        << stage.error().reason;
}

} // namespace
} // namespace noa::plugin
