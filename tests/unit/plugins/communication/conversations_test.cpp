#include "store/conversations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "store/tables.hpp"

namespace communication {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ConversationsTest : public ::testing::Test {
public:
    ConversationsTest() {
        char form[] = "/tmp/noa-conversations-XXXXXX";
        directory = ::mkdtemp(form);
        auto opened = Store::open(path(), {.compress_above = 100, .largest_body = 1 << 20});
        if (!opened) {
            ADD_FAILURE() << opened.error().message();
            std::abort();
        }
        store.emplace(*std::move(opened));
    }
    ~ConversationsTest() override {
        store.reset();
        std::filesystem::remove_all(directory);
    }
    std::string path() const { return directory + "/communication.db"; }

    void say(const std::string& conversation, const std::string& sender, const std::string& body,
             const char* type = "application/json") {
        auto made = std::make_unique<Message>();
        made->terms.sender = sender;
        made->terms.recipient = "r";
        made->terms.operation = "do";
        made->terms.conversation = conversation;
        made->terms.content_type = type;
        made->seq = ++last;
        made->created = 1000 * last;
        made->body = body;
        Batch all;
        all.accepted.push_back(std::move(made));
        all.causes.emplace_back("cause");
        all.settlements.push_back({last, State::acked, 1, 1000 * last, 0, 1, ""});
        const auto committed = store->commit(all);
        EXPECT_TRUE(committed) << committed.error().message();
    }
    std::vector<std::string> names(const ConversationQuery& query = {}) {
        const auto all = list_conversations(store->database(), query);
        EXPECT_TRUE(all) << all.error().message();
        std::vector<std::string> found;
        for (const Conversation& one : *all) {
            found.push_back(one.name);
        }
        return found;
    }
    std::vector<Seq> search(const std::string& words, const std::string& conversation = "") {
        auto reader = Reader::open(path(), 1 << 20);
        const auto all = search_messages(*reader, words, conversation, 0, 10);
        EXPECT_TRUE(all) << all.error().message();
        std::vector<Seq> found;
        for (const Hit& one : *all) {
            found.push_back(one.record.message->seq);
        }
        return found;
    }

    std::string directory;
    std::optional<Store> store;
    Seq last = 0;
};

TEST_F(ConversationsTest, KnowWhoTakesPartAndHowMuchWasSaid) {
    say("a", "x", "1");
    say("b", "x", "2");
    say("a", "y", "3");
    say("", "z", "4");
    EXPECT_THAT(names(), ElementsAre("a", "b"));
    EXPECT_THAT(names({.participant = "y"}), ElementsAre("a"));
    EXPECT_THAT(names({.before = 3000, .behind = "a"}), ElementsAre("b"));
    const auto one = list_conversations(store->database(), {.name = "a"});
    EXPECT_EQ(one->at(0).participants, R"(["r","x","y"])");
    EXPECT_EQ(one->at(0).messages, 2);
    EXPECT_EQ(one->at(0).last_at, 3000);
}

TEST_F(ConversationsTest, HaveATopicThatStaysAsOthersSpeak) {
    Conversation wanted;
    wanted.name = "a";
    wanted.topic = "orders";
    wanted.last_at = 500;
    ASSERT_TRUE(set_conversation(*store, wanted));
    say("a", "x", "1");
    wanted.topic.clear();
    wanted.metadata = R"({"k":1})";
    ASSERT_TRUE(set_conversation(*store, wanted));
    auto archive = store->database().prepare(
        "SELECT topic, metadata, message_count FROM conversation_archive");
    const auto row = archive->first<std::string, std::string, std::int64_t>();
    EXPECT_EQ(**row, std::make_tuple("orders", R"({"k":1})", 1));
}

TEST_F(ConversationsTest, AreArchivedWhenIdleAndComeBack) {
    say("a", "x", "1");
    say("b", "x", "2");
    EXPECT_EQ(*archive_conversations(*store, {.archive_before = 2000, .kept = 10}), 1);
    EXPECT_THAT(names(), ElementsAre("b"));
    EXPECT_THAT(names({.archived = true}), ElementsAre("a"));
    say("a", "x", "3");
    EXPECT_THAT(names(), ElementsAre("a", "b"));
    EXPECT_EQ(
        *archive_conversations(*store, {.archive_before = 9000, .forget_before = 2500, .kept = 10}),
        2);
    EXPECT_THAT(names({.archived = true}), ElementsAre("a")) << "b was idle for longer";
    EXPECT_THAT(names({.participant = "x", .archived = true}), ElementsAre("a"));
}

TEST_F(ConversationsTest, AreNoMoreThanAreKept) {
    for (const char* name : {"a", "b", "c", "d"}) {
        say(name, "x", "1");
    }
    EXPECT_EQ(*archive_conversations(*store, {.archive_before = 2000, .kept = 2}), 1);
    EXPECT_THAT(names(), ElementsAre("d", "c")) << "the archived, then the longest idle";
    EXPECT_THAT(names({.archived = true}), IsEmpty());
}

TEST_F(ConversationsTest, ArePagedWhereManySpokeAtOnce) {
    Conversation wanted;
    wanted.last_at = 500;
    for (const char* name : {"a", "b", "c"}) {
        wanted.name = name;
        ASSERT_TRUE(set_conversation(*store, wanted));
    }
    EXPECT_THAT(names({.limit = 2}), ElementsAre("c", "b"));
    EXPECT_THAT(names({.before = 500, .behind = "b"}), ElementsAre("a"));
}

TEST_F(ConversationsTest, AreSearchedByWordsThatAreNoOperators) {
    say("a", "x", R"({"text": "the quick brown fox"})");
    say("b", "x", R"({"text": "the quick red fox )" + std::string(500, ' ') + R"("})");
    say("", "x", R"({"text": "the quick fox of nobody"})");
    EXPECT_THAT(search("quick FOX"), ElementsAre(2, 1));
    EXPECT_THAT(search("quick fox", "a"), ElementsAre(1));
    EXPECT_THAT(search("quick blue"), IsEmpty());
    EXPECT_THAT(search("fox OR blue"), IsEmpty());
    EXPECT_THAT(search(R"(" * ( NEAR text: -)"), IsEmpty());
    EXPECT_THAT(search("text"), IsEmpty()) << "names of members are not said";
    say("a", "x", R"({"n": -47.5, "t": "a\nCaf\u00e9"})");
    EXPECT_THAT(search("cafe -47.5"), ElementsAre(4));
    say("a", "x", "plain words", "text/plain; charset=utf-8");
    say("a", "x", "plain bytes", "application/octet-stream");
    EXPECT_THAT(search("plain"), ElementsAre(5));
    say("a", "x", "\"" + std::string((64U << 10U) - 1, ' ') + "\u00e9 far\"");
    EXPECT_THAT(search("far"), IsEmpty());
    EXPECT_EQ(*store->forget(1 << 20, 0, 100), 6);
    EXPECT_THAT(search("quick"), IsEmpty()) << "what is forgotten is not found";
}

TEST_F(ConversationsTest, TheMigrationIsUndoneAndMadeAgainWithData) {
    say("a", "x", "1");
    const auto down = noa::sqlite::migrate_down(store->database(), migrations, 3);
    ASSERT_TRUE(down) << down.error().message();
    auto old = store->database().prepare("SELECT message_count FROM conversation_archive");
    EXPECT_EQ(std::get<0>(**old->first<std::int64_t>()), 1);
    const auto up = noa::sqlite::migrate_up(store->database(), migrations);
    ASSERT_TRUE(up) << up.error().message();
    EXPECT_THAT(names(), ElementsAre("a")) << "of the messages that are there";
}

} // namespace
} // namespace communication
