// A tree of files, archived and restored.
#pragma once

#include <sys/stat.h>
#include <sys/xattr.h>

#include <map>
#include <random>

#include "archive/archiver.hpp"
#include "archive/check.hpp"
#include "archive/restorer.hpp"
#include "repository_fixture.hpp"

namespace backup {

class ArchiveFixture : public RepositoryFixture {
protected:
    static std::string noise(std::size_t size, unsigned seed) {
        std::mt19937_64 random(seed);
        std::string text;
        text.reserve(size + 8);
        while (text.size() < size) {
            const std::uint64_t number = random();
            text.append(reinterpret_cast<const char*>(&number), sizeof number);
        }
        text.resize(size);
        return text;
    }

    // Everything that can be in a directory and that anybody may make.
    void make_tree() {
        write("tree/small", "small\n");
        write("tree/empty", "");
        write("tree/large", noise(5'000'000, 1));
        write("tree/zeroes", std::string(2'000'000, '\0'));
        write("tree/sub/deep/er/file", "deep\n");
        write("tree/sub/na\xffme \"x\"\n", "odd\n");
        write("tree/sub/\xC3\xBC", "umlaut\n");
        std::filesystem::create_directory(path("tree/hollow"));
        std::filesystem::create_symlink("../no where", path("tree/sub/link"));
        std::filesystem::create_hard_link(path("tree/small"), path("tree/sub/small again"));
        ASSERT_EQ(::mkfifo(path("tree/pipe").c_str(), 0640), 0);
        ::chmod(path("tree/large").c_str(), 0751);
        ::chmod(path("tree/sub/deep").c_str(), 0710);
        ::setxattr(path("tree/small").c_str(), "user.noa", "value", 5, 0);
        const timespec times[2] = {{1'000'000'000, 0}, {1'234'567'890, 123'456'789}};
        ::utimensat(AT_FDCWD, path("tree/sub/deep").c_str(), times, 0);
        ::utimensat(AT_FDCWD, path("tree/zeroes").c_str(), times, 0);
    }

    noa::sdk::Result<ArchiveResult> try_archive(ArchiveOptions options = {}) {
        if (options.sources.empty()) {
            options.sources = {{path("tree"), ""}};
        }
        options.origin = here_;
        options.time = {time_ += 3600, 0};
        return backup::archive(*repository_, options, progress_.emplace(), stop_.get_token());
    }
    ArchiveResult archive(ArchiveOptions options = {}) {
        auto result = try_archive(std::move(options));
        EXPECT_TRUE(result) << result.error().text;
        for (const Fault& fault : progress_->kept_faults()) {
            ADD_FAILURE() << fault.what << ": " << fault.why;
        }
        return result ? *std::move(result) : ArchiveResult{};
    }
    RestoreResult restore(const Snapshot& snapshot, const RestoreOptions& options) {
        const auto result = backup::restore(*repository_, snapshot, options, progress_.emplace(),
                                            stop_.get_token());
        EXPECT_TRUE(result) << result.error().text;
        for (const Fault& fault : progress_->kept_faults()) {
            ADD_FAILURE() << fault.what << ": " << fault.why;
        }
        return result ? *result : RestoreResult{};
    }
    CheckReport check(const CheckOptions& options) {
        const auto report =
            backup::check(*repository_, options, progress_.emplace(), stop_.get_token());
        EXPECT_TRUE(report) << report.error().text;
        return report ? *report : CheckReport{};
    }

    // Path -> what is there, its times and rights included.
    static std::map<std::string, std::string> described(const std::string& top) {
        std::map<std::string, std::string> all;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(top)) {
            struct stat found {};
            ::lstat(entry.path().c_str(), &found);
            std::string text = std::to_string(found.st_mode) + " " + std::to_string(found.st_uid) +
                               " " + std::to_string(found.st_mtim.tv_sec) + "." +
                               std::to_string(found.st_mtim.tv_nsec) + " ";
            if (S_ISREG(found.st_mode)) {
                text += std::to_string(found.st_nlink) + " " +
                        sha256(view_of(read(entry.path().string()))).hex();
            } else if (S_ISLNK(found.st_mode)) {
                text += std::filesystem::read_symlink(entry.path()).string();
            }
            std::array<char, 64> value{};
            const ssize_t size =
                ::lgetxattr(entry.path().c_str(), "user.noa", value.data(), value.size());
            all[entry.path().lexically_relative(top).string()] =
                text.append(value.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
        }
        return all;
    }

    std::stop_source stop_;
    std::optional<Progress> progress_;
    std::int64_t time_ = 1'700'000'000;
};

} // namespace backup
