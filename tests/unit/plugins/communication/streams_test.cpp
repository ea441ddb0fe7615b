#include "store/streams.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "store/tables.hpp"

namespace communication {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class StreamsTest : public ::testing::Test {
public:
    StreamsTest() {
        char form[] = "/tmp/noa-streams-XXXXXX";
        directory = ::mkdtemp(form);
        reopen();
    }
    ~StreamsTest() override {
        store.reset();
        std::filesystem::remove_all(directory);
    }

    void reopen() {
        store.reset();
        auto opened = Store::open(directory + "/communication.db",
                                  {.compress_above = 100, .largest_body = 1 << 20});
        ASSERT_TRUE(opened) << opened.error().message();
        store.emplace(*std::move(opened));
    }
    // In a transaction of its own.
    template <class F>
    auto with(F step) {
        std::optional<
            std::remove_cvref_t<decltype(*std::declval<std::invoke_result_t<F, Streams&>>())>>
            result;
        Batch batch;
        batch.steps.emplace_back([&](Streams& streams) -> Stored<> {
            auto told = step(streams);
            if (!told) {
                return told.error();
            }
            result.emplace(*std::move(told));
            return {};
        });
        const auto committed = store->commit(batch);
        EXPECT_TRUE(committed) << committed.error().message();
        return *std::move(result);
    }
    std::int64_t append(const std::string& body, const std::string& id = "") {
        Append one{"s", "sender", {{std::to_string(++key), id, body}}, retention, at};
        auto appended = with([&](Streams& streams) { return streams.append(one); });
        EXPECT_TRUE(appended);
        return appended->positions.at(0);
    }
    void consumer(const From& from = {}, const ConsumerTerms& terms = {100, 3, 10}) {
        EXPECT_TRUE(with([&](Streams& all) { return all.set_consumer("s", "c", from, terms); }));
    }
    Takings take(std::int64_t count = 10, std::int64_t bytes = 1 << 20) {
        auto taken = with([&](Streams& all) { return all.take({"s", "c", count, bytes, at}); });
        EXPECT_TRUE(taken);
        return *std::move(taken);
    }
    std::vector<std::int64_t> positions(const Takings& takings) {
        std::vector<std::int64_t> all;
        for (const Entry& one : takings.entries) {
            all.push_back(one.position);
        }
        return all;
    }
    // Those that were over.
    std::vector<std::int64_t> settle(const Entry& entry, Verdict verdict, Millis delay = 0) {
        const Ruling ruling{"s", "c", {{entry.position, entry.delivery}}, verdict, delay, at};
        auto over = with([&](Streams& streams) { return streams.settle(ruling); });
        EXPECT_TRUE(over);
        return *over;
    }
    StreamFacts facts() {
        auto all = list_streams(store->database(), "s");
        EXPECT_THAT(*all, SizeIs(1));
        return all->at(0);
    }
    ConsumerFacts consumer_facts() {
        auto all = list_consumers(store->database(), facts().stream);
        EXPECT_THAT(*all, SizeIs(1));
        return all->at(0);
    }

    std::string directory;
    std::optional<Store> store;
    Retention retention;
    Millis at = 1000;
    int key = 0;
};

TEST_F(StreamsTest, KeepsEntriesInOrderThroughANewStart) {
    EXPECT_EQ(append("1"), 1);
    const std::string large = '"' + std::string(5000, 'a') + '"';
    EXPECT_EQ(append(large, "id"), 2);
    reopen();
    EXPECT_EQ(append("3"), 3);
    const auto entries = read_entries(store->database(), facts(), 1, 10, 1 << 20, 1 << 20);
    ASSERT_THAT(*entries, SizeIs(3));
    EXPECT_EQ((*entries)[1].body, large);
    EXPECT_EQ((*entries)[1].id, "id");
    EXPECT_EQ((*entries)[2].position, 3);
    EXPECT_LT(facts().bytes, 1000) << "it is kept compressed";
}

TEST_F(StreamsTest, TakesAnIdOnceAndTheSameRequestOnce) {
    EXPECT_EQ(append("1", "id"), 1);
    EXPECT_EQ(append("2", "id"), 1);
    EXPECT_EQ(append("2"), 2);
    --key; // the bus delivers it again
    EXPECT_EQ(append("2"), 2);
    EXPECT_EQ(facts().entries, 2);
}

TEST_F(StreamsTest, ANewConsumerBeginsWhereItIsTold) {
    for (; at < 1050; at += 10) {
        append("0");
    }
    consumer();
    const auto begins = [&](const From& from) {
        EXPECT_TRUE(with([](Streams& all) { return all.drop_consumer("s", "c"); }));
        consumer(from);
        return positions(take(1));
    };
    EXPECT_THAT(begins({From::Kind::first, 0}), ElementsAre(1));
    EXPECT_THAT(begins({From::Kind::next, 0}), IsEmpty());
    EXPECT_THAT(begins({From::Kind::position, 3}), ElementsAre(3));
    EXPECT_THAT(begins({From::Kind::position, 99}), IsEmpty());
    EXPECT_THAT(begins({From::Kind::date, 1020}), ElementsAre(3));
    EXPECT_THAT(begins({From::Kind::date, 1021}), ElementsAre(4));
    EXPECT_THAT(begins({From::Kind::date, 0}), ElementsAre(1));
    EXPECT_THAT(begins({From::Kind::date, 5000}), IsEmpty());
}

TEST_F(StreamsTest, GivesWhatNobodySettledAgainWithAnotherDelivery) {
    append("1");
    append("2");
    consumer();
    const Takings first = take();
    EXPECT_THAT(positions(first), ElementsAre(1, 2));
    EXPECT_EQ(first.next, 1100);
    EXPECT_THAT(settle(first.entries[0], Verdict::ack), IsEmpty());
    EXPECT_THAT(take().entries, IsEmpty());
    reopen();
    at = 1100;
    const Takings second = take();
    ASSERT_THAT(positions(second), ElementsAre(2));
    EXPECT_EQ(second.entries[0].attempt, 2);
    EXPECT_THAT(settle(first.entries[1], Verdict::ack), ElementsAre(2)) << "of a delivery before";
    EXPECT_THAT(settle(second.entries[0], Verdict::ack), IsEmpty());
    EXPECT_THAT(settle(second.entries[0], Verdict::ack), ElementsAre(2)) << "twice";
    at = 9999;
    EXPECT_THAT(take().entries, IsEmpty());
    EXPECT_EQ(consumer_facts().settled, 2);
}

TEST_F(StreamsTest, NakProgressAndTermDoWhatTheySay) {
    append("1");
    consumer();
    Entry entry = take().entries.at(0);
    at = 1090;
    settle(entry, Verdict::progress);
    at = 1189;
    EXPECT_THAT(take().entries, IsEmpty());
    settle(entry, Verdict::nak, 50);
    EXPECT_THAT(settle(entry, Verdict::ack), ElementsAre(1)) << "it was given back";
    at = 1238;
    EXPECT_THAT(take().entries, IsEmpty());
    at = 1239;
    entry = take().entries.at(0);
    settle(entry, Verdict::term);
    at = 9999;
    EXPECT_THAT(take().entries, IsEmpty());
}

TEST_F(StreamsTest, GivesUpAfterTheLastAttempt) {
    append("1");
    consumer({}, {.ack_wait = 100, .attempts = 2, .window = 1});
    append("2");
    Entry last;
    for (int turn = 0; turn < 2; ++turn, at += 100) {
        last = take().entries.at(0);
        EXPECT_EQ(last.position, 1) << "the window is of one";
    }
    const Takings after = take();
    EXPECT_EQ(after.given_up, 1);
    EXPECT_THAT(positions(after), ElementsAre(2));
    EXPECT_THAT(settle(last, Verdict::ack), ElementsAre(1));
    EXPECT_EQ(consumer_facts().given_up, 1);
}

TEST_F(StreamsTest, ASeekOrAnotherConsumerOfTheNameTakesNoOldAck) {
    append("1");
    consumer();
    const Entry before = take().entries.at(0);
    EXPECT_TRUE(with([](Streams& all) { return all.seek("s", "c", {From::Kind::first, 0}); }));
    const Entry again = take().entries.at(0);
    EXPECT_THAT(settle(before, Verdict::ack), ElementsAre(1));
    EXPECT_TRUE(with([](Streams& all) { return all.drop_consumer("s", "c"); }));
    consumer();
    EXPECT_EQ(take().entries.at(0).position, 1);
    EXPECT_THAT(settle(before, Verdict::ack), ElementsAre(1));
    EXPECT_THAT(settle(again, Verdict::ack), ElementsAre(1));
}

TEST_F(StreamsTest, HandsOutNoMoreThanWindowCountAndBytes) {
    for (int turn = 0; turn < 20; ++turn) {
        append("1234567890");
    }
    consumer();
    EXPECT_THAT(positions(take(3)), ElementsAre(1, 2, 3));
    EXPECT_THAT(positions(take(10, 15)), ElementsAre(4, 5));
    EXPECT_THAT(take(10).entries, SizeIs(5));
    EXPECT_THAT(take(10).entries, IsEmpty()) << "the window is full";
}

TEST_F(StreamsTest, KeepsWhatRetentionSays) {
    retention = {.age = 0, .count = 3, .bytes = 0};
    for (int turn = 0; turn < 5; ++turn) {
        append("1");
    }
    EXPECT_EQ(facts().entries, 3);
    const auto sweep = [&] {
        const auto swept = with([&](Streams& all) -> Told<std::int64_t> {
            auto gone = all.sweep(at, 100);
            return gone ? Told<std::int64_t>(noa::Result<std::int64_t>(*gone))
                        : Told<std::int64_t>(gone.error());
        });
        EXPECT_TRUE(swept);
        return facts().entries;
    };
    const auto keep = [&](const Retention& other) {
        EXPECT_TRUE(with([&](Streams& all) { return all.set("s", other, at); }));
    };
    keep({.age = 0, .count = 0, .bytes = 2});
    EXPECT_EQ(sweep(), 2);
    keep({.age = 50, .count = 0, .bytes = 0});
    EXPECT_EQ(sweep(), 2);
    consumer();
    EXPECT_THAT(positions(take(1)), ElementsAre(4)) << "the first that is left";
    at += 51;
    EXPECT_EQ(append("6"), 6);
    EXPECT_EQ(sweep(), 1);
    EXPECT_EQ(consumer_facts().under_way, 0) << "what is gone is not waited for";
    EXPECT_THAT(positions(take()), ElementsAre(6));
}

TEST_F(StreamsTest, AStreamThatIsDroppedIsGone) {
    append("1");
    consumer();
    EXPECT_TRUE(with([](Streams& all) { return all.drop("s"); }));
    EXPECT_EQ(with([](Streams& all) { return all.drop("s"); }).error().status, NOA_E_NOT_FOUND);
    EXPECT_EQ(append("1"), 1) << "another of its name";
    const auto swept = with([&](Streams& all) -> Told<std::int64_t> {
        return noa::Result<std::int64_t>(*all.sweep(at, 100));
    });
    EXPECT_EQ(*swept, 1);
    EXPECT_THAT(*list_streams(store->database(), ""), SizeIs(1));
    auto left = store->database().prepare("SELECT count(*) FROM entries");
    EXPECT_EQ(std::get<0>(**left->first<std::int64_t>()), 1);
}

TEST_F(StreamsTest, WhatIsNotThereIsRefused) {
    const auto taken = with([](Streams& all) { return all.take({"s", "c"}); });
    EXPECT_THAT(taken.error().text, HasSubstr("/stream"));
    append("1");
    EXPECT_THAT(with([](Streams& all) {
                    return all.take({"s", "c"});
                })
                    .error()
                    .text,
                HasSubstr("/consumer"));
}

TEST_F(StreamsTest, AClockThatIsSetBackLeavesTheOrderOfDates) {
    append("1");
    at -= 500;
    append("2");
    EXPECT_EQ(facts().last_at, 1000);
    consumer({From::Kind::date, 1000});
    EXPECT_THAT(positions(take()), ElementsAre(1, 2));
}

TEST_F(StreamsTest, TheMigrationIsUndoneAndMadeAgainWithData) {
    append("1");
    consumer();
    take();
    auto down = noa::sqlite::migrate_down(store->database(), migrations, 2);
    ASSERT_TRUE(down) << down.error().message();
    auto tables = store->database().prepare("SELECT count(*) FROM sqlite_schema WHERE name IN "
                                            "('streams', 'entries', 'consumers', 'pending')");
    EXPECT_EQ(std::get<0>(**tables->first<std::int64_t>()), 0);
    reopen();
    EXPECT_EQ(append("1"), 1);
}

} // namespace
} // namespace communication
