// A disk that is full, locks that others hold for long, a clock that is set back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "noa/testing/harness.hpp"
#include "store/reader.hpp"
#include "store/tasks.hpp"

namespace communication {
namespace {

using nlohmann::json;
using noa::testing::Harness;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Of the whole process: no file grows past `bytes` while it lives.
class FileLimit {
public:
    explicit FileLimit(std::uintmax_t bytes) : former_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit now{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &now);
    }
    FileLimit(const FileLimit&) = delete;
    FileLimit& operator=(const FileLimit&) = delete;
    ~FileLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, former_);
    }

private:
    void (*former_)(int);
    rlimit before_{};
};

class FaultsTest : public ::testing::Test {
public:
    FaultsTest() {
        char form[] = "/tmp/noa-faults-XXXXXX";
        directory = ::mkdtemp(form);
        path = directory + "/communication.db";
    }
    ~FaultsTest() override { std::filesystem::remove_all(directory); }

    [[nodiscard]] Store open() const {
        auto store = Store::open(path, {});
        EXPECT_TRUE(store) << store.error().message();
        return *std::move(store);
    }
    Batch batch(const std::string& body = "{}") {
        auto made = std::make_unique<Message>();
        made->terms.sender = "s";
        made->terms.recipient = "r";
        made->terms.operation = "do";
        made->terms.attempts = 5;
        made->terms.timeout_ms = 1000;
        made->seq = ++last;
        made->created = 1000 + last;
        made->body = body;
        Batch all;
        all.accepted.push_back(std::move(made));
        all.causes.emplace_back("cause");
        return all;
    }

    std::string directory;
    std::string path;
    Seq last = 0;
};

TEST_F(FaultsTest, AFullDiskRefusesWhatIsNewAndLeavesTheStoreWhole) {
    Store store = open();
    ASSERT_TRUE(store.commit(batch()));
    auto pages = store.database().prepare("PRAGMA page_count");
    const auto size = std::get<0>(**pages->first<std::int64_t>());
    ASSERT_TRUE(store.database().execute("PRAGMA max_page_count = " + std::to_string(size)));
    std::string body(5000, '\0'); // of chance, so that it does not pack
    std::uint32_t chance = 7;
    for (char& one : body) {
        one = static_cast<char>((chance = chance * 1664525 + 1013904223) >> 24U);
    }
    const auto refused = store.commit(batch(body));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code & 0xFF, SQLITE_FULL);
    EXPECT_THAT(refused.error().text, HasSubstr("free space"));
    ASSERT_TRUE(store.database().execute("PRAGMA max_page_count = 1000000"));
    ASSERT_TRUE(store.commit(batch(body)));
    EXPECT_THAT(store.load(0, 10)->open, SizeIs(2));
    EXPECT_TRUE(store.database().integrity_check());
}

TEST_F(FaultsTest, AReaderThatStaysHoldsUpNoCommitAndOnlyTheLog) {
    Store store = open();
    ASSERT_TRUE(store.commit(batch()));
    auto other = noa::sqlite::Database::open(path, {.read_only = true});
    ASSERT_TRUE(other);
    ASSERT_TRUE(other->execute("BEGIN; SELECT count(*) FROM messages"));
    for (int turn = 0; turn < 200; ++turn) {
        ASSERT_TRUE(store.commit(batch()));
        noa::sqlite::move_log(store.database());
    }
    EXPECT_GT(store.log_frames(), 200) << "the log goes on: somebody reads what is before it";
    ASSERT_TRUE(other->execute("COMMIT"));
    noa::sqlite::move_log(store.database());
    ASSERT_TRUE(store.commit(batch()));
    EXPECT_LT(store.log_frames(), 50) << "begun anew";
    EXPECT_THAT(store.load(0, 1000)->open, SizeIs(202));
}

TEST_F(FaultsTest, AWriterThatStaysIsAnErrorWithAdviceAndNothingIsHalfWritten) {
    Store store = open();
    ASSERT_TRUE(store.commit(batch()));
    sqlite3_busy_timeout(store.database().handle(), 0);
    auto other = noa::sqlite::Database::open(path);
    auto held = other->begin();
    ASSERT_TRUE(held);
    const auto refused = store.commit(batch());
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().text, HasSubstr("another program"));
    held->rollback();
    ASSERT_TRUE(store.commit(batch()));
    EXPECT_THAT(store.load(0, 10)->open, SizeIs(2));
}

TEST_F(FaultsTest, AClockThatIsSetBackEndsNoTaskAndLosesNone) {
    Store store = open();
    Task task;
    task.id = "t";
    task.type = "mail";
    task.payload = "null";
    task.timeout_ms = 100;
    task.created = 10'000;
    ASSERT_TRUE(*put_task(store, task, "s", 10));
    ASSERT_TRUE(*take_task(store, "[]", "w", 10'000));
    const auto early = sweep_tasks(store, 5'000, 4'000, true);
    EXPECT_EQ(early->again + early->failed, 0);
    EXPECT_EQ(early->processing, 1);
    EXPECT_TRUE(*end_task(store, "t", 1, TaskEnd::renew, "", 5'000));
    EXPECT_EQ(sweep_tasks(store, 5'101, 0, false)->again, 1) << "by the clock as it is now";
    EXPECT_EQ((*take_task(store, "[]", "w", 5'102))->attempts, 2);
}

class FaultsAgent : public ::testing::Test {
public:
    noa::testing::Answer call(const std::string& operation, const json& body) {
        agent.call(operation, body.dump());
        const auto delivery = agent.last_delivery();
        EXPECT_TRUE(agent.run_until([&] { return agent.answer(delivery).settled; })) << operation;
        return agent.answer(delivery);
    }
    Harness agent{noa_plugin_entry_v1()};
};

TEST_F(FaultsAgent, AFullDiskRefusesWhatIsNewAndDeliversWhatIsOld) {
    ASSERT_TRUE(agent.run(R"({"content": {"schema": "off"}})"));
    const json message{{"to", "worker"}, {"operation", "do"}, {"body", 1}};
    const auto sent = call("send", message);
    ASSERT_TRUE(sent.ok());
    ASSERT_TRUE(agent.run_until([&] { return !agent.open_requests().empty(); }));
    const std::string log = agent.host().state_path + "/communication.db-wal";
    {
        const FileLimit full(std::filesystem::file_size(log));
        const auto refused = call("send", message);
        EXPECT_EQ(refused.status, NOA_E_UNAVAILABLE);
        EXPECT_THAT(refused.text, HasSubstr("the store takes nothing"));
        EXPECT_EQ(call("stream.append", {{"stream", "s"}, {"body", 1}}).status, NOA_E_UNAVAILABLE);
        agent.answer_request(agent.open_requests()[0].tag, {});
    }
    agent.advance(std::chrono::seconds(2));
    EXPECT_TRUE(call("send", message).ok());
    EXPECT_TRUE(call("stream.append", {{"stream", "s"}, {"body", 1}}).ok());
    const json first = json::parse(call("show", {{"id", json::parse(sent.body)["id"]}}).body);
    EXPECT_EQ(first["state"], "acked") << "what ended meanwhile is written down";
}

} // namespace
} // namespace communication
