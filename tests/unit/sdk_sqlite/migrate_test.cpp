#include "scratch.hpp"

namespace noa::sqlite {
namespace {

const Migration make_entries{1, "entries",
                             "CREATE TABLE entries(key TEXT PRIMARY KEY, value TEXT) STRICT",
                             "DROP TABLE entries"};
const Migration add_expiry{2, "expiry", "ALTER TABLE entries ADD COLUMN expires INTEGER",
                           "ALTER TABLE entries DROP COLUMN expires"};
const Migration drop_value{3, "no value", "ALTER TABLE entries DROP COLUMN value",
                           "ALTER TABLE entries ADD COLUMN value TEXT", Phase::contract};
const Migration add_index{4, "index", "CREATE INDEX by_expiry ON entries(expires)",
                          "DROP INDEX by_expiry"};

class SqliteMigrateTest : public SqliteTest {
protected:
    using List = std::vector<Migration>;

    static int count(Result<int> outcome) {
        EXPECT_TRUE(outcome) << outcome.error().message();
        return outcome ? *outcome : -1;
    }

    std::vector<std::int64_t> applied() {
        std::vector<std::int64_t> versions;
        auto rows = migrations_applied(database_);
        EXPECT_TRUE(rows);
        for (const AppliedMigration& row : *rows) {
            versions.push_back(row.version);
        }
        return versions;
    }

    using Versions = std::vector<std::int64_t>;
    Database database_ = opened(path());
};

TEST_F(SqliteMigrateTest, UpAppliesInOrderOnce) {
    const List known{make_entries, add_expiry};
    EXPECT_EQ(count(migrate_up(database_, known)), 2);
    EXPECT_EQ(count(migrate_up(database_, known)), 0);
    auto rows = migrations_applied(database_);
    ASSERT_EQ(rows->size(), 2U);
    EXPECT_EQ((*rows)[0].name, "entries");
    EXPECT_EQ((*rows)[0].checksum.size(), 16U);
    EXPECT_EQ((*rows)[0].applied_at.size(), std::string("2026-01-01T00:00:00.000Z").size());
    EXPECT_TRUE((*rows)[0].expand_only);
}

TEST_F(SqliteMigrateTest, DownUndoesNewestFirstAndUpAgainWorks) {
    const List known{make_entries, add_expiry};
    EXPECT_EQ(count(migrate_up(database_, known)), 2);
    EXPECT_EQ(count(migrate_down(database_, known, 0)), 2);
    EXPECT_EQ(applied(), Versions{});
    EXPECT_EQ(number(database_, "SELECT count(*) FROM sqlite_schema WHERE name='entries'"), 0);
    EXPECT_EQ(count(migrate_up(database_, known)), 2);
}

TEST_F(SqliteMigrateTest, ContractingWaitsForConfirm) {
    const List known{make_entries, add_expiry, drop_value, add_index};
    EXPECT_EQ(count(migrate_up(database_, known)), 3);
    EXPECT_EQ(applied(), (Versions{1, 2, 4}));
    EXPECT_TRUE(database_.prepare("SELECT value FROM entries"));
    EXPECT_EQ(migrations_pending(database_, known)->size(), 1U);
    EXPECT_EQ(count(migrate_confirm(database_, known)), 1);
    EXPECT_EQ(applied(), (Versions{1, 2, 3, 4}));
    EXPECT_FALSE(database_.prepare("SELECT value FROM entries"));
    EXPECT_EQ(count(migrate_down(database_, known, 2)), 2);
    EXPECT_TRUE(database_.prepare("SELECT value FROM entries"));
}

TEST_F(SqliteMigrateTest, OlderProgramRunsOnAnExpandedSchemaUntilItIsConfirmed) {
    const List older{make_entries};
    const List newer{make_entries, add_expiry};
    EXPECT_EQ(count(migrate_up(database_, newer)), 2);
    EXPECT_EQ(count(migrate_up(database_, older)), 0);
    EXPECT_EQ(count(migrate_confirm(database_, newer)), 0);
    auto refused = migrate_up(database_, older);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, SQLITE_SCHEMA);
    EXPECT_EQ(refused.error().text,
              "the schema is newer than this program: migration 2 (expiry) is applied, 1 is the "
              "newest known; migrate down with the newer program first");
    EXPECT_EQ(refused.error().context, path());
}

TEST_F(SqliteMigrateTest, NewerContractedSchemaIsRefused) {
    EXPECT_EQ(count(migrate_confirm(database_, List{make_entries, add_expiry, drop_value})), 3);
    EXPECT_FALSE(migrate_up(database_, List{make_entries, add_expiry}));
    EXPECT_FALSE(migrate_down(database_, List{make_entries, add_expiry}, 0));
    EXPECT_EQ(applied(), (Versions{1, 2, 3}));
}

TEST_F(SqliteMigrateTest, ChangedMigrationIsRefusedWithBothChecksums) {
    EXPECT_EQ(count(migrate_up(database_, List{make_entries})), 1);
    Migration changed = make_entries;
    changed.up = "CREATE TABLE entries(key TEXT)";
    auto refused = migrate_up(database_, List{changed, add_expiry});
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().text.find("migration 1 (entries) was changed after it was applied"),
              std::string::npos);
    EXPECT_NE(refused.error().text.find(detail::checksum_of(changed.up)), std::string::npos);
    EXPECT_EQ(applied(), Versions{1});
}

TEST_F(SqliteMigrateTest, FailedMigrationLeavesNothingOfItselfAndKeepsThoseBefore) {
    const Migration broken{2, "broken", "CREATE TABLE half(a); INSERT INTO nowhere VALUES(1)", ""};
    auto failed = migrate_up(database_, List{make_entries, broken});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().text, "migration 2 (broken): no such table: nowhere");
    EXPECT_EQ(applied(), Versions{1});
    EXPECT_EQ(number(database_, "SELECT count(*) FROM sqlite_schema WHERE name='half'"), 0);
}

TEST_F(SqliteMigrateTest, MigrationCannotEndItsTransaction) {
    const Migration sneaky{1, "sneaky", "CREATE TABLE half(a); COMMIT; CREATE TABLE rest(a)", ""};
    auto failed = migrate_up(database_, List{sneaky});
    ASSERT_FALSE(failed);
    EXPECT_TRUE(failed.error().is(SQLITE_AUTH));
    EXPECT_EQ(number(database_, "SELECT count(*) FROM sqlite_schema WHERE name='half'"), 0);
    EXPECT_TRUE(database_.begin());
}

TEST_F(SqliteMigrateTest, ForeignKeyBrokenByAMigrationUndoesIt) {
    execute(database_, "CREATE TABLE parent(id INTEGER PRIMARY KEY);"
                       "CREATE TABLE child(parent REFERENCES parent(id));"
                       "INSERT INTO parent VALUES(1); INSERT INTO child VALUES(1)");
    auto failed = migrate_up(database_, List{{1, "orphans", "DELETE FROM parent", ""}});
    ASSERT_FALSE(failed);
    EXPECT_TRUE(failed.error().is(SQLITE_CONSTRAINT));
    EXPECT_EQ(number(database_, "SELECT count(*) FROM parent"), 1);
}

TEST_F(SqliteMigrateTest, DownWithoutAWayBackUndoesNothing) {
    const List known{make_entries, {2, "one way", "CREATE TABLE other(a)", ""}, add_expiry};
    List numbered = known;
    numbered[2].version = 3;
    EXPECT_EQ(count(migrate_up(database_, numbered)), 3);
    auto refused = migrate_down(database_, numbered, 0);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().text, "migration 2 (one way) cannot be undone: no down");
    EXPECT_EQ(applied(), (Versions{1, 2, 3}));
}

TEST_F(SqliteMigrateTest, UnsoundListIsRefused) {
    EXPECT_FALSE(migrate_up(database_, List{add_expiry, make_entries}));
    EXPECT_FALSE(migrate_up(database_, List{make_entries, make_entries}));
    EXPECT_FALSE(migrate_up(database_, List{{0, "zero", "SELECT 1", ""}}));
    EXPECT_FALSE(migrate_up(database_, List{{1, "", "SELECT 1", ""}}));
}

TEST_F(SqliteMigrateTest, KilledBetweenMigrationsTheRestFollows) {
    killed_at([&](const auto& now) {
        Database database = opened(path());
        if (migrate_up(database, List{make_entries})) {
            auto transaction = database.begin();
            static_cast<void>(database.execute(add_expiry.up));
            now();
        }
    });
    EXPECT_EQ(count(migrate_up(database_, List{make_entries, add_expiry})), 1);
}

} // namespace
} // namespace noa::sqlite
