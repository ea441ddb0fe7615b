// Disks that do not give back what is on them. The calls that read are this file's own, as far as
// the code under test makes them.
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include <gtest/gtest.h>

#include "archive_fixture.hpp"

namespace backup {
namespace {

// What no longer reads, from an offset on.
struct BadPlace {
    std::string path;
    off_t from = 0;
    int code = EIO;
};
std::atomic<const BadPlace*> bad_place{nullptr};

bool is_bad(int fd, off_t at, std::size_t size) {
    const BadPlace* bad = bad_place;
    if (bad == nullptr || at + static_cast<off_t>(size) <= bad->from) {
        return false;
    }
    std::array<char, 512> name{};
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    const ssize_t length = ::readlink(link.c_str(), name.data(), name.size());
    errno = bad->code;
    return length > 0 &&
           std::string_view(name.data(), static_cast<std::size_t>(length)) == bad->path;
}

} // namespace
} // namespace backup

extern "C" ssize_t read(int fd, void* into, std::size_t size) {
    const off_t at = backup::bad_place.load() != nullptr ? ::lseek(fd, 0, SEEK_CUR) : 0;
    return backup::is_bad(fd, at, size) ? -1 : ::syscall(SYS_read, fd, into, size);
}
extern "C" ssize_t pread(int fd, void* into, std::size_t size, off_t at) {
    return backup::is_bad(fd, at, size) ? -1 : ::syscall(SYS_pread64, fd, into, size, at);
}

namespace backup {
namespace {

class ReadErrorsTest : public ArchiveFixture {
protected:
    void TearDown() override { bad_place = nullptr; }
    void go_bad(const std::string& file, off_t from, int code = EIO) {
        place_ = {file, from, code};
        bad_place = &place_;
    }

private:
    BadPlace place_;
};

TEST_F(ReadErrorsTest, of_a_file_are_told_and_the_rest_is_kept_in_a_snapshot_that_says_partial) {
    make_tree();
    const auto whole = archive();
    EXPECT_FALSE(whole.snapshot.has_tag(partial_tag));
    for (const int code : {EIO, EACCES}) {
        go_bad(path("tree/large"), 3'000'000, code);
        ArchiveOptions options;
        options.read_all = true;
        const auto result = try_archive(options);
        ASSERT_TRUE(result) << result.error().text;
        ASSERT_EQ(progress_->faults, 1U);
        const Fault fault = progress_->kept_faults().front();
        EXPECT_EQ(fault.what, path("tree/large"));
        EXPECT_NE(fault.why.find(std::generic_category().message(code)), std::string::npos)
            << fault.why;
        EXPECT_TRUE(result->snapshot.has_tag(partial_tag));
        bad_place = nullptr;
        const std::string out = path("out" + std::to_string(code));
        restore(result->snapshot, {.path = path("tree"), .target = out, .strip = true});
        EXPECT_FALSE(std::filesystem::exists(out + "/large"));
        auto wanted = described(path("tree"));
        wanted.erase("large");
        EXPECT_EQ(described(out), wanted);
        EXPECT_TRUE(check({.part = 0, .parts = 1}).good());
    }
    EXPECT_FALSE(archive().snapshot.has_tag(partial_tag));
}

TEST_F(ReadErrorsTest, of_a_pack_are_told_by_its_name_and_with_the_files_that_need_it) {
    make_tree();
    const auto result = archive();
    std::string pack;
    std::uintmax_t largest = 0;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(path("repository/data"))) {
        if (entry.is_regular_file() && entry.file_size() > largest) {
            largest = entry.file_size();
            pack = entry.path().string();
        }
    }
    go_bad(pack, static_cast<off_t>(largest / 2));
    EXPECT_TRUE(check({.parts = 0}).good()); // which reads none of it
    const CheckReport report = check({.part = 0, .parts = 1});
    ASSERT_EQ(report.bad_packs.size(), 1U);
    EXPECT_EQ(report.bad_packs[0].hex(), std::filesystem::path(pack).filename().string());
    ASSERT_FALSE(report.faults.empty());
    EXPECT_NE(report.faults[0].why.find("Input/output error"), std::string::npos)
        << report.faults[0].why;
    ASSERT_FALSE(report.lost.empty());
    const auto restored = backup::restore(*repository_, result.snapshot, {.target = path("out")},
                                          progress_.emplace(), stop_.get_token());
    ASSERT_TRUE(restored);
    EXPECT_GT(progress_->faults, 0U);
    bad_place = nullptr;
    EXPECT_TRUE(check({.part = 0, .parts = 1}).good());
}

} // namespace
} // namespace backup
