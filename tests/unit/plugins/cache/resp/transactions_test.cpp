// MULTI, WATCH and channels, with several clients.
#include <gmock/gmock.h>

#include "resp_rig.hpp"

namespace cache::resp {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class TransactionTest : public RespTest {
protected:
    void SetUp() override {
        RespTest::SetUp();
        other_ = connect();
    }
    // Watches `key`; what EXEC comes to after `change`.
    template <class Change>
    bool executes_after(const char* key, Change&& change) {
        ask_words({"watch", key});
        change();
        ask("multi");
        ask("ping");
        return ask("exec") == "*1\r\n+PONG\r\n";
    }

    std::unique_ptr<Client> other_;
};

TEST_F(TransactionTest, RunsWhatWasQueued) {
    EXPECT_EQ(ask("multi"), "+OK\r\n");
    EXPECT_EQ(ask("set a 1"), "+QUEUED\r\n");
    EXPECT_EQ(ask("incr a"), "+QUEUED\r\n");
    EXPECT_EQ(ask(*other_, "get a"), "$-1\r\n");
    EXPECT_EQ(ask("exec"), "*2\r\n+OK\r\n:2\r\n");
    EXPECT_THAT(ask("exec"), StartsWith("-ERR EXEC without MULTI"));
}

TEST_F(TransactionTest, IsAbortedByWhatCouldNotBeQueued) {
    for (const char* line : {"nope", "get", "set a"}) {
        ask("multi");
        EXPECT_THAT(ask(line), StartsWith("-ERR")) << line;
        EXPECT_THAT(ask("exec"), StartsWith("-EXECABORT")) << line;
    }
}

TEST_F(TransactionTest, IsBounded) {
    ask("multi");
    const std::string text(30U << 20U, 'x');
    ask_words({"set", "a", text});
    ask_words({"set", "a", text});
    EXPECT_THAT(ask_words({"set", "a", text}), StartsWith("-ERR the transaction is too large"));
    EXPECT_THAT(ask("exec"), StartsWith("-EXECABORT"));
    EXPECT_EQ(client_->queued_bytes, 0U);
}

TEST_F(TransactionTest, FailsWhenAWatchedKeyWasTouched) {
    ask("set a 1");
    ask("set h 1");
    EXPECT_TRUE(executes_after("a", [&] { ask(*other_, "set b 1"); }));
    EXPECT_TRUE(executes_after("a", [&] { ask(*other_, "get a"); }));
    EXPECT_FALSE(executes_after("a", [&] { ask(*other_, "set a 2"); }));
    EXPECT_FALSE(executes_after("a", [&] { ask(*other_, "set a 2"); })) << "the same value";
    EXPECT_FALSE(executes_after("a", [&] { ask("incr a"); })) << "by oneself";
    EXPECT_FALSE(executes_after("a", [&] { ask(*other_, "expire a 100"); }));
    EXPECT_FALSE(executes_after("a", [&] { ask(*other_, "flushall"); }));
    EXPECT_TRUE(executes_after("a", [&] { ask(*other_, "flushall"); })) << "nothing was there";
    EXPECT_FALSE(executes_after("a", [&] { ask(*other_, "set a 3"); }));
    EXPECT_FALSE(executes_after("a", [&] { ask(*other_, "del a"); }));
}

TEST_F(TransactionTest, FailsWhenSomebodyElseChangedAWatchedKey) {
    ask("set a 1");
    EXPECT_FALSE(executes_after("a", [&] { store_->set(0, "a", "2", {}, now_); }));
    EXPECT_FALSE(executes_after("a", [&] { store_->erase(0, "a", now_); }));
    ask("set a 1 px 10");
    EXPECT_FALSE(executes_after("a", [&] { set_time(now_ + Instant(10)); })) << "it has expired";
}

TEST_F(TransactionTest, UnwatchAndDiscardForget) {
    ask("watch a");
    ask("unwatch");
    ask(*other_, "set a 1");
    EXPECT_TRUE(executes_after("b", [] {}));
    ask("watch a");
    ask("multi");
    EXPECT_EQ(ask("discard"), "+OK\r\n");
    ask(*other_, "set a 2");
    EXPECT_TRUE(executes_after("b", [] {}));
}

TEST_F(TransactionTest, DatabasesOfWatchedKeysAreToldApart) {
    ask("select 1");
    EXPECT_TRUE(executes_after("a", [&] { ask(*other_, "set a 1"); }));
    ask(*other_, "select 1");
    EXPECT_FALSE(executes_after("a", [&] { ask(*other_, "set a 1"); }));
}

TEST_F(TransactionTest, MessagesGoToSubscribersOnce) {
    EXPECT_EQ(
        ask("subscribe a b"),
        "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n");
    ask("psubscribe a*");
    client_->output.clear();
    EXPECT_EQ(ask(*other_, "publish a hello"), ":2\r\n");
    EXPECT_EQ(client_->output, "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$5\r\nhello\r\n"
                               "*4\r\n$8\r\npmessage\r\n$2\r\na*\r\n$1\r\na\r\n$5\r\nhello\r\n");
    EXPECT_THAT(hub_->to_flush, ElementsAre(client_.get()));
    EXPECT_EQ(ask(*other_, "publish c hello"), ":0\r\n");
    EXPECT_THAT(ask("get a"), HasSubstr("allowed in this context"));
    hub_->channels.forget(*client_);
    EXPECT_EQ(ask(*other_, "publish a hello"), ":0\r\n");
    EXPECT_FALSE(hub_->channels.any());
}

TEST_F(TransactionTest, SubscribersThatDoNotReadAreFoundOut) {
    open({.output_limit = 1U << 20U});
    other_ = connect();
    ask("subscribe a");
    for (unsigned message = 0; message < 3; ++message) {
        ask_words(*other_, {"publish", "a", std::string(500'000, 'x')});
    }
    EXPECT_TRUE(client_->overflown);
    EXPECT_LE(client_->output.size(), 1U << 20U);
}

} // namespace
} // namespace cache::resp
