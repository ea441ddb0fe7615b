// A directory of one's own, and children that die on command.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "noa/sdk/sqlite.hpp"

namespace noa::sqlite {

class SqliteTest : public ::testing::Test {
protected:
    SqliteTest() {
        std::string name = std::filesystem::temp_directory_path() / "noa-sqlite-XXXXXX";
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        directory_ = name;
    }
    ~SqliteTest() override { std::filesystem::remove_all(directory_); }

    [[nodiscard]] std::string path(const std::string& name = "test.db") const {
        return directory_ / name;
    }

    // Opened, or the test fails here.
    [[nodiscard]] static Database opened(const std::string& path, const Options& options = {}) {
        auto database = Database::open(path, options);
        if (!database) {
            ADD_FAILURE() << database.error().message();
            std::abort();
        }
        return *std::move(database);
    }

    static void execute(Database& database, std::string_view sql) {
        auto done = database.execute(sql);
        ASSERT_TRUE(done) << done.error().message();
    }

    static std::int64_t number(Database& database, std::string_view sql) {
        auto statement = database.prepare(sql);
        if (!statement) {
            ADD_FAILURE() << statement.error().message();
            return -1;
        }
        auto row = statement->first<std::int64_t>();
        if (!row || !*row) {
            ADD_FAILURE() << (row ? "no row" : row.error().message());
            return -1;
        }
        return std::get<0>(**row);
    }

    // Runs `work` in a child, to which it gives a function that tells the parent "now"; the
    // parent kills the child at that moment.
    static void killed_at(const std::function<void(const std::function<void()>&)>& work) {
        std::array<int, 2> ends{};
        ASSERT_EQ(::pipe(ends.data()), 0);
        const pid_t child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            work([&] {
                if (::write(ends[1], "!", 1) == 1) {
                    ::pause();
                }
            });
            ::_exit(1);
        }
        char told = 0;
        ::close(ends[1]);
        EXPECT_EQ(::read(ends[0], &told, 1), 1);
        ::close(ends[0]);
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        EXPECT_TRUE(WIFSIGNALED(status));
    }

    // What `work` returned in a child.
    static int in_child(const std::function<int()>& work) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::_exit(work());
        }
        int status = -1;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    std::filesystem::path directory_;
};

} // namespace noa::sqlite
