// A repository in a directory of its own, and restic to judge it.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "repository/local_store.hpp"
#include "repository/repository.hpp"

namespace backup {

class ScratchFixture : public ::testing::Test {
public:
    ~ScratchFixture() override {
        std::error_code ignored;
        std::filesystem::remove_all(root_, ignored);
    }

protected:
    ScratchFixture() {
        std::string name = std::filesystem::temp_directory_path() / "noa-backup-XXXXXX";
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        root_ = name;
    }

    [[nodiscard]] std::string path(const std::string& name) const { return root_ / name; }
    void write(const std::string& name, std::string_view text) const {
        std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
        std::ofstream(path(name), std::ios::binary) << text;
    }
    static std::string read(const std::string& file) {
        std::ifstream in(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    std::filesystem::path root_;
};

class RepositoryFixture : public ScratchFixture {
protected:
    RepositoryFixture() {
        auto store = LocalStore::create_new(path("repository"));
        EXPECT_TRUE(store) << store.error().text;
        auto made = Repository::create(*std::move(store), password, here_);
        EXPECT_TRUE(made) << made.error().text;
        repository_ = *std::move(made);
    }

    void reopen() {
        auto store = LocalStore::open(path("repository"));
        ASSERT_TRUE(store) << store.error().text;
        auto opened = Repository::open(*std::move(store), password);
        ASSERT_TRUE(opened) << opened.error().text;
        repository_ = *std::move(opened);
        const noa::sdk::Status loaded = repository_->load_index();
        ASSERT_TRUE(loaded) << loaded.error().text;
    }

    // Its exit code; what it says is in output_.
    int restic(std::vector<std::string> arguments) {
        const std::string file = path("restic.log");
        arguments.insert(arguments.begin(), {"restic", "--no-cache", "-r", path("repository")});
        std::vector<char*> argv;
        argv.reserve(arguments.size() + 1);
        for (std::string& argument : arguments) {
            argv.push_back(argument.data());
        }
        argv.push_back(nullptr);
        std::string secret = std::string("RESTIC_PASSWORD=") + password;
        std::string home = "HOME=" + root_.string();
        std::string tmp = "TMPDIR=" + root_.string();
        std::string search = "PATH=/usr/bin:/bin";
        char* environment[] = {secret.data(), home.data(), tmp.data(), search.data(), nullptr};
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, 1, file.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                           0600);
        ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
        pid_t pid = 0;
        const int failed =
            ::posix_spawnp(&pid, "restic", &actions, nullptr, argv.data(), environment);
        ::posix_spawn_file_actions_destroy(&actions);
        int status = 0;
        if (failed != 0 || ::waitpid(pid, &status, 0) != pid) {
            return -1;
        }
        output_ = read(file);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    static bool have_restic() { return ::access("/usr/bin/restic", X_OK) == 0; }

    static constexpr const char* password = "a secret";
    Origin here_ = Origin::of_this_process();
    Repository::Ptr repository_;
    std::string output_;
};

} // namespace backup
