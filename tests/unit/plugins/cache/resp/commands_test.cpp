// What the official suite does not look at: the store behind it, its bounds, what is our own.
#include <gmock/gmock.h>

#include "resp_rig.hpp"

namespace cache::resp {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class CommandsTest : public RespTest {};

TEST_F(CommandsTest, TableHasNoNameTwice) {
    std::set<std::string_view> names;
    for (const Command* command : hub_->commands.all()) {
        EXPECT_TRUE(names.insert(command->name).second) << command->name;
        EXPECT_EQ(hub_->commands.find(command->name), command);
        EXPECT_LE(command->name.size(), longest_command_name);
        EXPECT_FALSE(command->summary.empty());
        EXPECT_EQ(command->keys.first == 0, command->keys.step == 0);
    }
    EXPECT_GT(names.size(), 100U);
    EXPECT_EQ(hub_->commands.find("GeT"), hub_->commands.find("get"));
    EXPECT_EQ(hub_->commands.find("getx"), nullptr);
}

// Each command with as few arguments as it takes, and one less: an answer, and one only.
TEST_F(CommandsTest, EveryOneAnswersWhateverItIsGiven) {
    for (const Command* command : hub_->commands.all()) {
        const auto least = static_cast<std::size_t>(std::abs(command->arity));
        for (const char* word : {"", "0", "-1", "a", "9223372036854775807"}) {
            for (std::size_t size = least; size <= least + 4; ++size) {
                std::vector<std::string> words(size, word);
                words.front() = command->name;
                client_->protocol = 2;
                const std::string answer = ask_words(words);
                EXPECT_FALSE(answer.empty()) << command->name;
                EXPECT_THAT(answer, StartsWith(std::string(1, answer.front())));
                ask("reset");
            }
        }
        std::vector<std::string> few(least - 1, "a");
        if (!few.empty()) {
            few.front() = command->name;
            EXPECT_THAT(ask_words(few), StartsWith("-ERR wrong number of arguments for '"));
        }
    }
}

TEST_F(CommandsTest, UnknownOnesAreToldInRedisWords) {
    EXPECT_EQ(ask("nope a b"),
              "-ERR unknown command 'nope', with args beginning with: 'a' 'b' \r\n");
    EXPECT_LT(ask_words({"nope", std::string(10'000, 'x')}).size(), 300U);
    EXPECT_THAT(ask("object nope k"), StartsWith("-ERR unknown subcommand 'nope'. Try OBJECT"));
}

TEST_F(CommandsTest, WhatTheBusHasSetAsJsonIsAString) {
    set("n", "41", {.type = Type::json});
    EXPECT_EQ(ask("type n"), "+string\r\n");
    EXPECT_EQ(ask("incr n"), ":42\r\n");
    EXPECT_EQ(store_->find(0, "n", now_)->type, Type::json) << "it stays a number on the bus";
    ask("append n x");
    EXPECT_EQ(store_->find(0, "n", now_)->type, Type::string);
}

TEST_F(CommandsTest, ChangesKeepEndAndTags) {
    const std::string_view tags[] = {"t"};
    set("h", "1", {.end = now_ + Instant(5000), .tags = tags});
    EXPECT_EQ(ask("incr h"), ":2\r\n");
    EXPECT_EQ(ask("pttl h"), ":5000\r\n");
    store_->invalidate("t");
    EXPECT_EQ(ask("exists h"), ":0\r\n");
}

TEST_F(CommandsTest, UnixTimeIsShownAsItWasTold) {
    const std::int64_t wall = hub_->clock.wall_ms();
    ask_words({"set", "a", "1", "pxat", std::to_string(wall + 12'345)});
    // The wall falls behind by less than what counts as a jump.
    hub_->clock.set(now_ + Instant(5), wall + 3);
    EXPECT_EQ(ask("pexpiretime a"), ":" + std::to_string(wall + 12'345) + "\r\n");
    // The wall's jump moves no end: what was set lives as long as it was to live.
    hub_->clock.set(now_ + Instant(10), wall + 3'600'000);
    EXPECT_EQ(ask("pttl a"), ":12335\r\n");
}

TEST_F(CommandsTest, NothingLivesLongerThanItWasTold) {
    const std::int64_t wall = hub_->clock.wall_ms();
    hub_->clock.set(now_ + Instant(1), wall + 2); // a millisecond ahead
    ask_words({"set", "a", "1", "pxat", std::to_string(wall + 2 + 10'000)});
    EXPECT_EQ(ask("pttl a"), ":10000\r\n");
}

TEST_F(CommandsTest, KeysAndValuesAreBounded) {
    EXPECT_EQ(ask_words({"set", std::string(longest_key, 'k'), "v"}), "+OK\r\n");
    const std::string long_key(longest_key + 1, 'k');
    EXPECT_THAT(ask_words({"set", long_key, "v"}), StartsWith("-ERR string exceeds maximum"));
    EXPECT_EQ(ask_words({"get", long_key}), "$-1\r\n");
    EXPECT_THAT(ask_words({"set", "a", std::string(20U << 20U, 'x')}),
                StartsWith("-ERR string exceeds"))
        << "more than a quarter of the store";
    EXPECT_THAT(ask("setrange a 536870911 x"), StartsWith("-ERR string exceeds"));
    EXPECT_EQ(ask_words({"set", "", "v"}), "+OK\r\n") << "an empty key is one";
    EXPECT_EQ(ask_words({"get", ""}), "$1\r\nv\r\n");
}

TEST_F(CommandsTest, DatabasesAreNamespaces) {
    ask("set a 0");
    EXPECT_EQ(ask("select 1"), "+OK\r\n");
    EXPECT_EQ(ask("exists a"), ":0\r\n");
    ask("set a 1");
    EXPECT_EQ(get("a", *store_->space("db1")), "1");
    EXPECT_EQ(ask("flushdb"), "+OK\r\n");
    EXPECT_EQ(get("a"), "0");
    const auto other = store_->make_space("of-the-bus");
    store_->set(*other, "a", "2", {}, now_);
    EXPECT_EQ(ask("flushall"), "+OK\r\n");
    EXPECT_EQ(get("a"), "-");
    EXPECT_EQ(get("a", *other), "2") << "is no database";
    EXPECT_THAT(ask("select 16"), StartsWith("-ERR DB index is out of range"));
}

TEST_F(CommandsTest, ManyFieldsAtOnceAreAsOneByOne) {
    std::vector<std::string> words{"hset", "h"};
    for (unsigned field = 0; field < 100; ++field) {
        words.push_back("f" + std::to_string(field % 50));
        words.push_back(std::to_string(field));
    }
    EXPECT_EQ(ask_words(words), ":50\r\n");
    EXPECT_EQ(ask("hget h f7"), "$2\r\n57\r\n");
    EXPECT_EQ(ask_words(words), ":0\r\n");
    std::vector<std::string> wanted{"hmget", "h"};
    std::vector<std::string> unwanted{"hdel", "h"};
    for (unsigned field = 0; field < 49; ++field) {
        wanted.push_back("f" + std::to_string(field));
        unwanted.push_back("f" + std::to_string(field));
    }
    EXPECT_THAT(ask_words(wanted), AllOf(StartsWith("*49\r\n$2\r\n50\r\n"), Not(HasSubstr("$-1"))));
    EXPECT_EQ(ask_words(unwanted), ":49\r\n");
    EXPECT_EQ(ask("hgetall h"), "*2\r\n$3\r\nf49\r\n$2\r\n99\r\n");
}

TEST_F(CommandsTest, ReplyIsCutAtTheLimit) {
    open({.output_limit = 1U << 20U});
    ask_words({"set", "a", std::string(600'000, 'x')});
    EXPECT_FALSE(client_->overflown);
    ask("mget a a a a a a a a");
    EXPECT_TRUE(client_->overflown);
    EXPECT_LE(client_->output.size(), 1U << 20U);
}

TEST_F(CommandsTest, PasswordIsAskedFor) {
    open({.password = "se\"cret"});
    for (const char* line : {"get a", "info", "select 1", "hello 3", "client id"}) {
        EXPECT_THAT(ask(line), StartsWith("-NOAUTH")) << line;
    }
    for (const char* line : {"auth wrong", "auth default wrong", "auth other se\"cret",
                             "auth se\"cretx", "auth se\"cre", "hello 3 auth default wrong"}) {
        EXPECT_THAT(ask(line), StartsWith("-WRONGPASS")) << line;
    }
    EXPECT_EQ(ask("auth se\"cret"), "+OK\r\n");
    EXPECT_EQ(ask("get a"), "$-1\r\n");
    ask("reset");
    EXPECT_THAT(ask("get a"), StartsWith("-NOAUTH"));
    EXPECT_THAT(ask("hello 3 auth default se\"cret setname me"), StartsWith("%7\r\n"));
    EXPECT_EQ(ask("client getname"), "$2\r\nme\r\n");
    EXPECT_THAT(ask("config get *"), Not(HasSubstr("cret")));
}

TEST_F(CommandsTest, DumpsAreCheckedBeforeTheyAreRestored) {
    ask("rpush l a b");
    const std::string reply = ask("dump l");
    const std::string dump = reply.substr(reply.find("\r\n") + 2, reply.size() - 7);
    for (std::size_t at = 0; at + 2 < dump.size(); ++at) {
        std::string bad = dump;
        bad[at] = static_cast<char>(bad[at] ^ 1);
        EXPECT_THAT(ask_words({"restore", "m", "0", bad}), StartsWith("-ERR")) << at;
    }
    const std::string whole = reply.substr(reply.find("\r\n") + 2);
    EXPECT_EQ(ask_words({"restore", "m", "0", whole.substr(0, whole.size() - 2)}), "+OK\r\n");
    EXPECT_EQ(ask("lrange m 0 -1"), "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
    EXPECT_THAT(ask_words({"restore", "m", "0", whole.substr(0, whole.size() - 2)}),
                StartsWith("-BUSYKEY"));
}

TEST_F(CommandsTest, HttpIsNotSpokenTo) {
    EXPECT_EQ(ask("POST / HTTP/1.1"), "");
    EXPECT_TRUE(client_->dead);
}

} // namespace
} // namespace cache::resp
