#include "store/store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "store/reader.hpp"
#include "store/rows.hpp"

namespace communication {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class StoreTest : public ::testing::Test {
public:
    StoreTest() {
        char form[] = "/tmp/noa-communication-XXXXXX";
        directory = ::mkdtemp(form);
        path = directory + "/communication.db";
    }
    ~StoreTest() override { std::filesystem::remove_all(directory); }

    Store open() {
        auto store = Store::open(path, {.compress_above = 100, .largest_body = 1 << 20});
        EXPECT_TRUE(store) << store.error().message();
        return *std::move(store);
    }
    MessagePtr message(std::string body = "{}", std::string id = {}) {
        auto made = std::make_unique<Message>();
        made->terms.id = std::move(id);
        made->terms.sender = "s";
        made->terms.recipient = "r";
        made->terms.operation = "do";
        made->terms.conversation = "c";
        made->terms.content_type = "application/json";
        made->terms.metadata = R"({"k":1})";
        made->terms.attempts = 5;
        made->terms.timeout_ms = 1000;
        made->seq = ++last;
        made->created = 1000 + last;
        made->body = std::move(body);
        return made;
    }
    Batch batch(MessagePtr one) {
        Batch all;
        all.accepted.push_back(std::move(one));
        all.causes.emplace_back("cause");
        return all;
    }
    Loaded load(Store& store) {
        auto loaded = store.load(0, 100);
        EXPECT_TRUE(loaded) << loaded.error().message();
        return *std::move(loaded);
    }

    std::string directory;
    std::string path;
    Seq last = 0;
};

TEST_F(StoreTest, GivesBackWhatIsOpen) {
    {
        Store store = open();
        ASSERT_TRUE(store.commit(batch(message(R"({"a":1})", "own"))));
        ASSERT_TRUE(store.commit(batch(message())));
        Batch settled;
        settled.settlements.push_back({2, State::acked, 1, 2000, 0, 300, ""});
        ASSERT_TRUE(store.commit(settled));
    }
    Store store = open();
    const Loaded loaded = load(store);
    EXPECT_EQ(loaded.last, 2);
    EXPECT_EQ(loaded.newest, 1002);
    ASSERT_THAT(loaded.open, SizeIs(1));
    const Message& one = *loaded.open[0];
    EXPECT_EQ(one.terms.id, "own");
    EXPECT_EQ(one.terms.operation, "do");
    EXPECT_EQ(one.terms.timeout_ms, 1000);
    EXPECT_TRUE(one.recovered);
    EXPECT_TRUE(one.at_rest);
    ASSERT_THAT(loaded.known, SizeIs(2));
    EXPECT_EQ(loaded.known[1].id, "own");
    EXPECT_EQ(loaded.known[1].cause, "cause");
}

TEST_F(StoreTest, CommitsAllOrNothing) {
    Store store = open();
    Batch two = batch(message());
    two.accepted.push_back(message());
    two.causes.emplace_back("x");
    two.accepted[1]->seq = 1; // the same again
    EXPECT_FALSE(store.commit(two));
    EXPECT_THAT(load(store).open, IsEmpty());
}

TEST_F(StoreTest, PacksWhatIsLargeAndUnpacksWithinABound) {
    Store store = open();
    const std::string large = "\"" + std::string(100'000, 'a') + "\"";
    ASSERT_TRUE(store.commit(batch(message(large))));
    auto reader = Reader::open(path, 1 << 20);
    ASSERT_TRUE(reader);
    EXPECT_EQ(*reader->body(1), large);
    auto strict = Reader::open(path, 1000);
    ASSERT_TRUE(strict);
    EXPECT_THAT(strict->body(1).error().text, HasSubstr("too large"));
    auto size = store.database().prepare("SELECT length(body) FROM bodies");
    EXPECT_LT(std::get<0>(**size->first<std::int64_t>()), 1000);
}

TEST_F(StoreTest, RefusesABodyThatLiesAboutItsSize) {
    std::string packed;
    ASSERT_TRUE(pack(std::string(10'000, 'a'), packed));
    noa::sqlite::Blob blob(packed.size());
    std::memcpy(blob.data(), packed.data(), packed.size());
    EXPECT_EQ(unpacked(1, blob, 10'000)->size(), 10'000U);
    EXPECT_FALSE(unpacked(1, blob, 9'999));
    blob.resize(blob.size() / 2);
    EXPECT_FALSE(unpacked(1, blob, 10'000));
    EXPECT_FALSE(unpacked(2, blob, 10'000));
    EXPECT_FALSE(unpacked(1, {}, 10'000));
}

TEST_F(StoreTest, ShowsAMessageWithItsAttempts) {
    Store store = open();
    ASSERT_TRUE(store.commit(batch(message(R"({"a":1})", "own"))));
    Batch more;
    more.attempts.push_back({1, 1, 1500, 42, -14, "gone"});
    more.settlements.push_back({1, State::dead, 1, 2000, 0, 42, "gone"});
    ASSERT_TRUE(store.commit(more));
    auto reader = Reader::open(path, 1 << 20);
    ASSERT_TRUE(reader);
    auto life = reader->show("own");
    ASSERT_TRUE(life && *life);
    EXPECT_EQ((*life)->body, R"({"a":1})");
    ASSERT_THAT((*life)->attempts, SizeIs(1));
    EXPECT_EQ((*life)->attempts[0].text, "gone");
    EXPECT_EQ((*life)->record.error, "gone");
    EXPECT_EQ((*life)->record.settled, 2000);
    EXPECT_TRUE(*reader->show("#1"));
    EXPECT_FALSE(*reader->show("#2"));
    EXPECT_FALSE(*reader->show("other"));
}

TEST_F(StoreTest, ListsByWhatIsAsked) {
    Store store = open();
    for (int turn = 0; turn < 5; ++turn) {
        auto one = message();
        one->terms.recipient = turn % 2 == 0 ? "even" : "odd";
        one->terms.conversation = turn == 4 ? "last" : "";
        ASSERT_TRUE(store.commit(batch(std::move(one))));
    }
    Batch more;
    more.settlements.push_back({1, State::dead, 5, 2000, 0, 1, "x"});
    more.settlements.push_back({3, State::acked, 1, 2000, 0, 1, ""});
    ASSERT_TRUE(store.commit(more));
    auto reader = Reader::open(path, 1 << 20);
    const auto seqs = [&](const ListQuery& query) {
        std::vector<Seq> found;
        const auto records = reader->list(query);
        for (const Record& one : *records) {
            found.push_back(one.message->seq);
        }
        return found;
    };
    using ::testing::ElementsAre;
    EXPECT_THAT(seqs({}), ElementsAre(5, 4, 3, 2, 1));
    EXPECT_THAT(seqs({.recipient = "even"}), ElementsAre(5, 3, 1));
    EXPECT_THAT(seqs({.recipient = "even", .before = 5, .limit = 1}), ElementsAre(3));
    EXPECT_THAT(seqs({.conversation = "last"}), ElementsAre(5));
    EXPECT_THAT(seqs({.state = State::dead}), ElementsAre(1));
    EXPECT_THAT(seqs({.state = State::acked}), ElementsAre(3));
    EXPECT_THAT(seqs({.sender = "none"}), IsEmpty());
}

TEST_F(StoreTest, ReplaysAndExpiresWhatWasGivenUp) {
    Store store = open();
    for (int turn = 0; turn < 3; ++turn) {
        ASSERT_TRUE(store.commit(batch(message("{}", turn == 0 ? "own" : ""))));
        Batch dead;
        dead.settlements.push_back({last, State::dead, 5, 2000, 0, 1, "x"});
        ASSERT_TRUE(store.commit(dead));
    }
    auto one = store.replay({.ids = {"own", "#2", "#99"}}, 3000);
    ASSERT_TRUE(one) << one.error().message();
    ASSERT_THAT(*one, SizeIs(2));
    EXPECT_EQ((*one)[0]->state, State::queued);
    EXPECT_EQ((*one)[0]->made, 0U);
    EXPECT_THAT(load(store).open, SizeIs(2));
    EXPECT_EQ(*store.expire({.recipient = "r"}, 3000), 1);
    EXPECT_EQ(*store.expire({.recipient = "r"}, 3000), 0);
}

TEST_F(StoreTest, ForgetsTheOldestThatAreSettled) {
    Store store = open();
    for (int turn = 0; turn < 4; ++turn) {
        ASSERT_TRUE(store.commit(batch(message())));
    }
    Batch settled;
    for (const Seq seq : {1, 3, 4}) {
        settled.settlements.push_back({seq, State::acked, 1, 2000, 0, 1, ""});
    }
    ASSERT_TRUE(store.commit(settled));
    EXPECT_EQ(*store.forget(9000, 0, 100), 2) << "2 is open, 4 says what is next";
    EXPECT_EQ(*store.forget(9000, 0, 100), 0);
    EXPECT_EQ(load(store).last, 4);
}

TEST_F(StoreTest, HasTheTablesOfTheSeeds) {
    Store store = open();
    ASSERT_TRUE(store.commit(batch(message(R"({"a":1})"))));
    auto history = store.database().prepare(
        "SELECT message_id, type, sender, recipients, subject, payload, status, created_at, "
        "metadata FROM message_history");
    ASSERT_TRUE(history) << history.error().message();
    auto row = history->first<std::string, std::string, std::string, std::string, std::string,
                              noa::sqlite::Blob, std::string, std::string, std::string>();
    ASSERT_TRUE(row && *row);
    EXPECT_THAT(std::get<0>(**row), ::testing::EndsWith("-1"));
    EXPECT_EQ(std::get<3>(**row), R"(["r"])");
    EXPECT_EQ(std::get<6>(**row), "queued");
    EXPECT_EQ(std::get<7>(**row), "1970-01-01T00:00:01.001Z");
    auto archive = store.database().prepare(
        "SELECT conversation_id, participants, message_count, created_at, last_activity FROM "
        "conversation_archive");
    ASSERT_TRUE(archive) << archive.error().message();
    auto found = archive->first<std::string, std::string, std::int64_t, std::string, std::string>();
    ASSERT_TRUE(found && *found);
    EXPECT_EQ(std::get<1>(**found), R"(["r","s"])");
    EXPECT_EQ(std::get<2>(**found), 1);
}

TEST_F(StoreTest, PutsADamagedFileAsideWithItsLog) {
    { Store store = open(); }
    std::ofstream(path, std::ios::trunc) << std::string(8192, 'x');
    std::ofstream(path + "-wal") << "log";
    auto refused = Store::open(path, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code & 0xFF, SQLITE_NOTADB);
    const auto aside = put_aside(path, 42);
    ASSERT_TRUE(aside);
    EXPECT_TRUE(std::filesystem::exists(*aside));
    EXPECT_TRUE(std::filesystem::exists(*aside + "-wal"));
    Store store = open();
    EXPECT_EQ(load(store).last, 0);
}

} // namespace
} // namespace communication
