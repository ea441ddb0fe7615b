// An agent's part in backups of its state: noa.backup/1.
#include "noa/sdk/backup.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "test_agent.hpp"

namespace noa::test {
namespace {

namespace fs = std::filesystem;

class BackupHooks : public Scene {
protected:
    void run_with(std::function<void(noa::BackupHooks&)> fill) {
        plan.start = [this](TestAgent& self) {
            state_ = std::string(*self.state_dir());
            return noa::Status();
        };
        run([this, fill = std::move(fill)](TestAgent&, noa::Setup& setup) {
            fill(hooks_.emplace());
            setup.use(*hooks_);
        });
    }
    noa::testing::Answer ask(const std::string& operation, const std::string& directory) {
        auto answer = agent.call(operation, R"({"directory": ")" + directory + R"("})");
        const noa_delivery delivery = agent.last_delivery();
        if (!answer.settled) {
            EXPECT_TRUE(agent.run_until([&] { return agent.answer(delivery).settled; }));
            answer = agent.answer(delivery);
        }
        return answer;
    }
    static noa::Status write(const std::string& file, const std::string& text) {
        std::ofstream(file) << text;
        return {};
    }
    static std::string read(const std::string& file) {
        std::ifstream in(file);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    [[nodiscard]] std::string place() const { return state_ + "/.backup-x.1"; }

    std::optional<noa::BackupHooks> hooks_;
    std::string state_;
};

TEST_F(BackupHooks, OnlyWhatIsGivenIsDescribed) {
    run_with([](noa::BackupHooks& hooks) {
        hooks.validate_with([](const std::string&) { return noa::Status(); });
    });
    EXPECT_NE(agent.describe().find("state.validate"), std::string::npos);
    EXPECT_EQ(agent.describe().find("state.export"), std::string::npos);
    EXPECT_EQ(ask("state.export", place()).status, NOA_E_UNSUPPORTED);
}

TEST_F(BackupHooks, TheStateIsTakenOnTheLaneAndWrittenThereOrBeside) {
    std::string text = "then";
    bool beside = false;
    run_with([&](noa::BackupHooks& hooks) {
        hooks.export_with([&](const std::string& directory) {
            return [directory, copy = text, &beside] {
                beside = true;
                return write(directory + "/state", copy);
            };
        });
    });
    EXPECT_EQ(ask("state.export", place()).status, NOA_OK);
    EXPECT_TRUE(beside);
    EXPECT_EQ(read(place() + "/state"), "then");
    // Asked again, as after a reload, it begins anew.
    ASSERT_TRUE(write(place() + "/half", "x"));
    EXPECT_EQ(ask("state.export", place()).status, NOA_OK);
    EXPECT_FALSE(fs::exists(place() + "/half"));
}

TEST_F(BackupHooks, WhatFailsLeavesNothing) {
    run_with([](noa::BackupHooks& hooks) {
        hooks.export_with([](const std::string& directory) -> noa::Status {
            static_cast<void>(write(directory + "/half", "x"));
            return noa::failed("no more room");
        });
    });
    const auto answer = ask("state.export", place());
    EXPECT_EQ(answer.status, NOA_E_FAILED);
    EXPECT_EQ(answer.text, "no more room");
    EXPECT_FALSE(fs::exists(place()));
}

TEST_F(BackupHooks, AVerdictIsAnAnswerAndNoError) {
    run_with([](noa::BackupHooks& hooks) {
        hooks.validate_with([](const std::string& directory) {
            return read(directory + "/state") == "good" ? noa::Status() : noa::failed("it is bad");
        });
    });
    fs::create_directory(place());
    EXPECT_EQ(ask("state.validate", place()).body, R"({"ok":false,"why":"it is bad"})");
    ASSERT_TRUE(write(place() + "/state", "good"));
    EXPECT_EQ(ask("state.validate", place()).body, R"({"ok":true,"why":""})");
}

TEST_F(BackupHooks, NoOtherPlaceIsWrittenOrRead) {
    run_with([](noa::BackupHooks& hooks) {
        hooks.export_with([](const std::string&) { return noa::Status(); });
        hooks.validate_with([](const std::string&) { return noa::Status(); });
    });
    fs::create_directory_symlink("/etc", place());
    fs::create_directory(state_ + "/kept");
    for (const std::string& directory :
         {std::string(), std::string("/etc"), state_, state_ + "/kept", state_ + "/",
          state_ + "/kept/.backup-x", state_ + "/.backup-x/../kept", state_ + "x/.backup-x",
          state_ + "/.backup-" + std::string(300, 'x')}) {
        EXPECT_EQ(ask("state.export", directory).status, NOA_E_INVALID) << directory;
        EXPECT_EQ(ask("state.validate", directory).status, NOA_E_INVALID) << directory;
    }
    EXPECT_EQ(ask("state.validate", place()).status, NOA_E_NOT_FOUND);
    EXPECT_TRUE(fs::is_symlink(place()));
    EXPECT_TRUE(fs::exists(state_ + "/kept"));
    EXPECT_EQ(agent.call("state.export", "{}").text, "/directory: is missing");
}

} // namespace
} // namespace noa::test
