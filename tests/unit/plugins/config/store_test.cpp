#include "store/store.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace config {
namespace {

class ConfigStore : public ::testing::Test {
protected:
    ConfigStore() {
        std::string name = std::filesystem::temp_directory_path() / "noa-config-XXXXXX";
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        directory_ = name;
        open();
    }
    ~ConfigStore() override {
        store_.reset();
        std::filesystem::remove_all(directory_);
    }

    [[nodiscard]] std::string path() const { return directory_ / "config.db"; }
    void open() {
        store_.reset();
        auto store = Store::open(path(), limits_);
        ASSERT_TRUE(store) << store.error().message();
        store_.emplace(*std::move(store));
    }

    static DocumentPtr document(const Key& key, std::int64_t version, Revision revision,
                                const std::string& text) {
        auto made = std::make_unique<Document>();
        made->key = key;
        made->version = version;
        made->revision = revision;
        made->updated_at = "2026-01-01T00:00:00.000Z";
        made->updated_by = "test";
        made->deleted = text.empty();
        made->text = text;
        return made;
    }
    // The next revision; `last` of its transaction, where it is not alone.
    void put(const std::string& name, std::int64_t version, const std::string& text,
             Revision last = 0) {
        ++revision_;
        Change change{document({name, "base"}, version, revision_, text),
                      "set",
                      "[]",
                      "d",
                      "id",
                      revision_,
                      last != 0 ? last : revision_};
        std::vector<AuditEntry> audit(1);
        audit[0].name = name;
        audit[0].revision = revision_;
        const auto done = store_->commit({&change, 1}, audit);
        ASSERT_TRUE(done) << done.error().message();
    }

    std::filesystem::path directory_;
    Limits limits_;
    std::optional<Store> store_;
    Revision revision_ = 0;
};

TEST_F(ConfigStore, KeepsDocumentsAndRevisionsOverAnEnd) {
    put("app", 1, R"({"a":1})");
    put("app", 2, R"({"a":2})");
    put("other", 1, "{}");
    put("other", 2, "");
    open();
    const auto loaded = store_->load();
    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_EQ(loaded->revision, 4);
    const auto app = loaded->documents.at({"app", "base"});
    EXPECT_EQ(app->version, 2);
    EXPECT_EQ(app->value["a"], 2);
    EXPECT_TRUE(loaded->documents.at({"other", "base"})->deleted);
}

TEST_F(ConfigStore, DropsTheContentOfOldVersions) {
    limits_.versions = 3;
    open();
    for (int version = 1; version <= 5; ++version) {
        put("app", version, R"({"a":)" + std::to_string(version) + "}");
    }
    const auto rows = store_->history({"app", "base"}, 100);
    ASSERT_TRUE(rows);
    ASSERT_EQ(rows->size(), 5U);
    EXPECT_EQ((*rows)[0].text, R"({"a":5})");
    EXPECT_TRUE((*rows)[2].text);
    EXPECT_FALSE((*rows)[3].text);
}

TEST_F(ConfigStore, BoundsTheBytesOfVersions) {
    limits_.version_bytes = 250;
    open();
    for (int version = 1; version <= 5; ++version) {
        put("app", version, '"' + std::string(98, 'x') + '"');
    }
    const auto rows = store_->history({"app", "base"}, 100);
    ASSERT_TRUE(rows);
    EXPECT_TRUE((*rows)[1].text);
    EXPECT_FALSE((*rows)[2].text);
}

TEST_F(ConfigStore, CompactsEventsAndNeverWithinATransaction) {
    limits_.events = 8;
    limits_.versions = 1;
    open();
    for (int version = 1; version <= 9; ++version) {
        put("app", version, "{}", version >= 2 && version <= 6 ? 6 : 0);
    }
    EXPECT_EQ(store_->compacted(), 6);
    const auto rows = store_->events(6, 100);
    ASSERT_TRUE(rows);
    EXPECT_EQ(rows->size(), 3U);
    open();
    EXPECT_EQ(store_->compacted(), 6);
}

TEST_F(ConfigStore, GivesWholeTransactions) {
    for (int version = 1; version <= 5; ++version) {
        put("app", version, "{}", version >= 2 && version <= 4 ? 4 : 0);
    }
    const auto rows = store_->events(0, 2);
    ASSERT_TRUE(rows);
    ASSERT_EQ(rows->size(), 4U);
    EXPECT_EQ(rows->back().revision, 4);
}

TEST_F(ConfigStore, ForgetsWhatWasUnsetOnceItIsCompacted) {
    limits_.events = 4;
    open();
    put("gone", 1, "{}");
    put("gone", 2, "");
    for (int version = 1; version <= 5; ++version) {
        put("app", version, "{}");
    }
    EXPECT_GE(store_->compacted(), 2);
    const auto loaded = store_->load();
    ASSERT_TRUE(loaded);
    EXPECT_FALSE(loaded->documents.contains({"gone", "base"}));
    EXPECT_TRUE(store_->history({"gone", "base"}, 10)->empty());
}

TEST_F(ConfigStore, RefusesWhatIsBasedOnSomethingElse) {
    put("app", 1, "{}");
    Change change{document({"app", "base"}, 3, 3, "{}"), "set", "[]", "d", "id", 3, 3};
    EXPECT_FALSE(store_->commit({&change, 1}, {}));
    EXPECT_EQ(store_->load()->revision, 1);
}

TEST_F(ConfigStore, AFailedCommitLeavesNothing) {
    put("app", 1, "{}");
    ++revision_;
    // The second has a version that is there already.
    std::vector<Change> changes{
        {document({"app", "base"}, 2, 2, "{}"), "set", "[]", "d", "id", 2, 3},
        {document({"app", "base"}, 2, 3, "{}"), "set", "[]", "d", "id", 2, 3}};
    std::vector<AuditEntry> audit(2);
    EXPECT_FALSE(store_->commit(changes, audit));
    EXPECT_EQ(store_->load()->documents.at({"app", "base"})->version, 1);
    revision_ = 1;
    put("app", 2, "{}");
    EXPECT_EQ(store_->verify_audit()->broken_at, 0);
}

TEST_F(ConfigStore, FindsWhatAMessageBroughtAbout) {
    put("app", 1, "{}");
    EXPECT_EQ(store_->caused_by("id")->size(), 1U);
    EXPECT_TRUE(store_->caused_by("other")->empty());
}

TEST_F(ConfigStore, TheAuditLogShowsEdits) {
    for (int version = 1; version <= 4; ++version) {
        put("app", version, "{}");
    }
    const auto whole = store_->verify_audit();
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->broken_at, 0);
    EXPECT_EQ(whole->entries, 4);
    auto& database = store_->database();
    EXPECT_FALSE(database.execute("UPDATE audit_log SET author = 'x' WHERE seq = 2"));
    EXPECT_FALSE(database.execute("DELETE FROM audit_log WHERE seq = 4"));
    ASSERT_TRUE(database.execute("DROP TRIGGER audit_log_is_not_edited; "
                                 "UPDATE audit_log SET author = 'x' WHERE seq = 2"));
    EXPECT_EQ(store_->verify_audit()->broken_at, 2);
}

TEST_F(ConfigStore, TheAuditLogLosesItsOldestOnly) {
    limits_.audit_entries = 8;
    open();
    for (int version = 1; version <= 12; ++version) {
        put("app", version, "{}");
    }
    const auto verdict = store_->verify_audit();
    ASSERT_TRUE(verdict);
    EXPECT_EQ(verdict->broken_at, 0);
    EXPECT_LE(verdict->entries, 8);
    EXPECT_GT(verdict->first, 1);
    EXPECT_EQ(store_->audit({"", 0, 2})->front().seq, 12);
}

TEST_F(ConfigStore, SaysWhatToDoAboutADamagedFile) {
    put("app", 1, "{}");
    store_.reset();
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << std::string(8192, 'x');
    const auto before = std::filesystem::file_size(path());
    const auto store = Store::open(path(), limits_);
    ASSERT_FALSE(store);
    EXPECT_NE(store.error().text.find("restore a backup"), std::string::npos) << store.error().text;
    EXPECT_EQ(std::filesystem::file_size(path()), before);
}

TEST_F(ConfigStore, RefusesTheStoreOfANewerVersion) {
    ASSERT_TRUE(store_->database().execute("INSERT INTO schema_migrations VALUES(99, 'later', "
                                           "'2030-01-01T00:00:00Z', 'x', 0)"));
    store_.reset();
    const auto store = Store::open(path(), limits_);
    ASSERT_FALSE(store);
    EXPECT_NE(store.error().text.find("newer program"), std::string::npos) << store.error().text;
}

} // namespace
} // namespace config
