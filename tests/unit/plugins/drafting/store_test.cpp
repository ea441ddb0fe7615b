// Drafts on the disk.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "store/reader.hpp"

namespace drafting {
namespace {

class store : public ::testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "drafts-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
        auto opened = Store::open(folder_ + "/drafting.db");
        ASSERT_TRUE(opened) << opened.error().message();
        store_.emplace(*std::move(opened));
        auto reader = Reader::open(folder_ + "/drafting.db");
        ASSERT_TRUE(reader);
        reader_.emplace(*std::move(reader));
    }
    void TearDown() override {
        reader_.reset();
        store_.reset();
        std::filesystem::remove_all(folder_);
    }

    bool commit(std::function<Stored<>(Store&)> step) {
        Batch batch;
        batch.steps.push_back(std::move(step));
        auto done = store_->commit(batch);
        EXPECT_TRUE(done) << (done ? "" : done.error().message());
        return static_cast<bool>(done);
    }
    std::string create(const std::string& id, const std::string& text, const Quotas& quotas) {
        Draft draft;
        draft.id = id;
        draft.title = "Title of " + id;
        draft.type = "text";
        draft.author = "ann";
        draft.created = draft.updated = 1000;
        draft.bytes = static_cast<std::int64_t>(text.size());
        std::string refused;
        bool made = false;
        commit([&](Store& store) -> Stored<> {
            auto one = store.create(draft, "cause of " + id, *Text::of(text), quotas, refused);
            made = one && *one;
            return one ? Stored<>() : Stored<>(one.error());
        });
        return made ? "made" : refused;
    }
    // Letters behind one another, each a change.
    void type(const std::string& id, Version since, const std::string& letters, Millis at,
              const std::string& author) {
        Batch batch;
        for (std::size_t number = 0; number < letters.size(); ++number) {
            const Version version = since + static_cast<Version>(number) + 1;
            ChangeSet change;
            change.keep(static_cast<Position>(version) - 1);
            change.replace(0, letters.substr(number, 1));
            batch.rows.push_back({id, version, {author, author, at, change.json()}});
        }
        ASSERT_TRUE(store_->commit(batch));
    }

    std::string folder_;
    std::optional<Store> store_;
    std::optional<Reader> reader_;
};

constexpr Quotas plenty{100, 100, 1 << 30};

TEST_F(store, has_the_text_and_what_came_since) {
    EXPECT_EQ(create("a", "", plenty), "made");
    type("a", 0, "hello", 2000, "ann");
    auto loaded = reader_->load("a");
    ASSERT_TRUE(loaded && *loaded);
    EXPECT_EQ((*loaded)->text.str(), "hello");
    EXPECT_EQ((*loaded)->version, 5);
    EXPECT_EQ((*loaded)->saved, 0);
    EXPECT_EQ((*loaded)->recent.size(), 5U);
    EXPECT_EQ(reader_->text_at("a", 3)->str(), "hel");
    EXPECT_FALSE(reader_->load("b")->has_value());
}

TEST_F(store, makes_a_draft_once_and_within_quotas) {
    EXPECT_EQ(create("a", "text", {1, 100, 100}), "made");
    EXPECT_EQ(create("a", "other", {1, 100, 100}), "made"); // the same cause: asked again
    EXPECT_EQ(reader_->load("a").operator*()->text.str(), "text");
    EXPECT_EQ(create("b", "text", {1, 100, 100}), "quotas.drafts");
    EXPECT_EQ(create("b", "text", {9, 1, 100}), "quotas.author");
    EXPECT_EQ(create("b", "text", {9, 9, 7}), "quotas.total");
}

TEST_F(store, joins_old_changes_of_one_author_and_keeps_every_text_that_matters) {
    ASSERT_EQ(create("a", "", plenty), "made");
    type("a", 0, "hello", 2000, "ann");
    type("a", 5, " you", 2100, "bob");
    type("a", 9, " there", 2200, "ann");
    commit([](Store& store) { return store.put("a", Revision{1, 12, "ann", 2200, "", "{}"}); });
    commit([](Store& store) {
        return store.put(
            Checkpoint{"a", "Title", 15, *Text::of("hello you there"), 3, 2200, false, {}});
    });
    type("a", 15, "!!", 2300, "ann");
    std::int64_t gone = 0;
    commit([&gone](Store& store) -> Stored<> {
        auto joined = store.compact("a", 10'000, 500);
        gone = joined ? *joined : -1;
        return joined ? Stored<>() : Stored<>(joined.error());
    });
    EXPECT_EQ(gone, 4 + 3 + 2 + 2); // up to 5, 9, 12, 15; what is behind the text stays
    EXPECT_EQ(reader_->text_at("a", 5)->str(), "hello");
    EXPECT_EQ(reader_->text_at("a", 12)->str(), "hello you th");
    EXPECT_EQ(reader_->text_at("a", 17)->str(), "hello you there!!");
    EXPECT_EQ(reader_->text_at("a", 3).error().code, SQLITE_NOTFOUND);
    EXPECT_EQ(reader_->load("a").operator*()->text.str(), "hello you there!!");
    const auto blamed = reader_->blame("a", 17);
    ASSERT_TRUE(blamed);
    EXPECT_EQ(blamed->at(0).change.version, 17);
}

TEST_F(store, forgets_the_oldest_changes_where_there_are_too_many) {
    ASSERT_EQ(create("a", "", plenty), "made");
    type("a", 0, "0123456789", 2000, "ann");
    commit([](Store& store) {
        return store.put(Checkpoint{"a", "Title", 8, *Text::of("01234567"), 1, 2000, true, {}});
    });
    commit([](Store& store) { return store.trim("a", 1000); }); // few enough
    EXPECT_EQ(reader_->text_at("a", 3)->str(), "012");
    commit([](Store& store) { return store.trim("a", 60); });
    EXPECT_EQ(reader_->text_at("a", 9)->str(), "012345678");
    EXPECT_EQ(reader_->text_at("a", 8)->str(), "01234567");
    EXPECT_FALSE(reader_->text_at("a", 3));
    EXPECT_EQ(reader_->load("a").operator*()->text.str(), "0123456789");
    EXPECT_EQ(reader_->blame("a", 10)->size(), 1U);
}

TEST_F(store, finds_words_of_what_was_put_down) {
    ASSERT_EQ(create("a", "The quick brown fox", plenty), "made");
    ASSERT_EQ(create("b", "A quick red hen", plenty), "made");
    EXPECT_EQ(reader_->search("quick fox", {})->size(), 1U);
    EXPECT_EQ(reader_->search("\"quick\" title", {})->size(), 2U);
    EXPECT_EQ(reader_->search("fox OR NEAR(", {})->size(), 0U);
    commit([](Store& store) {
        return store.put(Checkpoint{"a", "Title", 1, *Text::of("slow"), 1, 2200, false, {}});
    });
    EXPECT_EQ(reader_->search("fox", {})->size(), 0U);
    commit([](Store& store) { return store.drop("b"); });
    EXPECT_EQ(reader_->search("hen", {})->size(), 0U);
    EXPECT_EQ(reader_->list({})->size(), 1U);
}

} // namespace
} // namespace drafting
